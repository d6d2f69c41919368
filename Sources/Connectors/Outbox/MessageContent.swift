import Forms
import Inspection
import Receiving
import Tally

/// What a message says, read from its payload: the same names in every format.
public enum MessageContent {
    /// Reads a message.
    ///
    /// - Parameters:
    ///   - topic: what it is about.
    ///   - payload: the decision's.
    /// - Returns: a map; `number` and `revision` are in each.
    /// - Throws: ``OutboxRefusal/unknownTopic(_:)``, or a room's refusal of the payload.
    public static func read(_ topic: String, _ payload: [UInt8]) throws -> JSONTree {
        switch topic {
        case "arrival_order": return arrival(try ArrivalOrder(payload: payload))
        case "maintenance_order":
            return maintenance(try MaintenanceOrder.Issue(payload: payload))
        default: throw OutboxRefusal.unknownTopic(topic)
        }
    }

    private static func arrival(_ order: ArrivalOrder) -> JSONTree {
        .map([
            "number": .text(order.number), "revision": .number(order.revision),
            "supplier": .text(order.supplier), "note": .text(order.note),
            "receipt": .text(order.receipt.description),
            "arrived": .text(order.arrived.description), "time_unsure": .bool(order.timeUnsure),
            "unsigned": .bool(order.isUnsigned), "is_revision": .bool(order.revision > 1),
            "lines": .list(separated(order.lines.map(line))),
        ])
    }

    private static func line(_ line: ArrivalOrder.Line) -> [String: JSONTree] {
        [
            "line": .number(line.number), "material": .text(line.material),
            "purchase_order": .text(line.purchaseOrder), "expected": .number(line.expected.number),
            "counted": .number(line.counted.number),
            "damaged": .number(line.damaged?.number ?? "0"),
            "is_damaged": .bool((line.damaged?.amount ?? 0) > 0),
            "differs": .bool(line.counted != line.expected),
            "unit": .text(line.counted.unit.code),
            "lots": .list(
                separated(
                    line.lots.map {
                        ["lot": .text($0.lot), "quantity": .number($0.quantity.number)]
                    }
                )
            ),
        ]
    }

    private static func maintenance(_ order: MaintenanceOrder.Issue) -> JSONTree {
        .map([
            "number": .text(order.number), "revision": .number(order.revision),
            "equipment": .text(order.tag), "check": .text(order.check),
            "opened": .text(order.opened.description), "team": .text(order.team),
            "previous": .text(order.previousNumber), "severe": .bool(order.isSevere),
            "reported": .bool(order.isReported), "is_revision": .bool(order.revision > 1),
            "findings": .list(
                separated(
                    order.findings.map { finding in
                        [
                            "answer": .text(finding.answer.plainText),
                            "limits": .text(finding.limits), "severe": .bool(finding.isSevere),
                            "withdrawn": .bool(finding.isWithdrawn),
                            "worker": .text(finding.evidence.author),
                            "read": .text(finding.evidence.moment.description),
                        ]
                    }
                )
            ),
        ])
    }

    /// Says of each item whether it is the last, since a template writes no comma after it.
    private static func separated(_ items: [[String: JSONTree]]) -> [JSONTree] {
        items.enumerated().map { index, item in
            var item = item
            item["is_last"] = .bool(index == items.count - 1)
            return .map(item)
        }
    }
}
