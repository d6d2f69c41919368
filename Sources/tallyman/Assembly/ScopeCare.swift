import Agent
import Hub
import Logging
import ServiceLifecycle
import Sync
import Tally
import Web

/// How a replica's state of one scope stands, for status, metrics and doctor.
struct ScopeCare: Codable, Hashable, Sendable {
    /// The place in the hub's order that is seen here.
    let position: UInt64
    /// The last position that is known of.
    let head: UInt64
    /// At a terminal, how the last comparison with the hub came out.
    let health: String?
    /// Leaves of the digest tree that were found damaged.
    let damagedLeaves: UInt64
    let repairs: UInt64
    let repairedEntities: UInt64
    /// When something was found or mended last.
    let lastRepair: String?
    let lastRepairEntities: UInt64
    let lastRepairExchanges: UInt64

    init(position: UInt64, head: UInt64, health: ScopeHealth?, _ record: RepairRecord) {
        self.position = position
        self.head = head
        self.health = health?.rawValue
        damagedLeaves = record.damagedLeaves
        repairs = record.repairs
        repairedEntities = record.entities
        lastRepair = record.last?.description
        lastRepairEntities = record.lastEntities
        lastRepairExchanges = record.lastExchanges
    }

    /// The metrics of all scopes, by name.
    static func metrics(_ scopes: [String: ScopeCare]) -> [Metric] {
        let sorted = scopes.sorted { $0.key < $1.key }
        func metric(
            _ name: String,
            _ help: String,
            type: String,
            _ value: (ScopeCare) -> UInt64
        ) -> Metric {
            Metric(
                name,
                help,
                type: type,
                sorted.map { .init(Double(value($0.value)), ["scope": $0.key]) }
            )
        }
        return [
            metric(
                "tallyman_scope_head",
                "The last position in the hub's order of a scope that is known of.",
                type: "counter",
                \.head
            ),
            metric(
                "tallyman_scope_differs",
                "1 while the state of a scope is not known to be the hub's.",
                type: "gauge"
            ) { $0.health == ScopeHealth.same.rawValue || $0.health == nil ? 0 : 1 },
            metric(
                "tallyman_damaged_leaves_total",
                "Leaves of the digest tree that were not what their cells gave.",
                type: "counter",
                \.damagedLeaves
            ),
            metric(
                "tallyman_repaired_entities_total",
                "Entities whose state was mended.",
                type: "counter",
                \.repairedEntities
            ),
        ]
    }
}

extension TerminalShell.StateEvent {
    /// Tells the operator.
    func log(to logger: Logger) {
        switch self {
        case .damaged(let scope, let leaves):
            logger.warning(
                "the disk has changed records here; they are fetched again",
                metadata: ["scope": "\(scope)", "leaves": "\(leaves)"]
            )
        case .repaired(let scope, let record):
            logger.notice(
                "the records are the hub's again",
                metadata: [
                    "scope": "\(scope)", "entities": "\(record.lastEntities)",
                    "exchanges": "\(record.lastExchanges)",
                ]
            )
        case .snapshot(let scope, let cells):
            logger.info(
                "started from a snapshot",
                metadata: ["scope": "\(scope)", "cells": "\(cells)"]
            )
        case .letGo(let scope, let operations):
            logger.info(
                "old history was let go; what came of it stays",
                metadata: ["scope": "\(scope)", "operations": "\(operations)"]
            )
        case .differs(let scope):
            logger.error(
                "the records differ from the hub's, and nothing helps",
                metadata: ["scope": "\(scope)"]
            )
        }
    }
}

/// Looks after the hub's own state, a part of it a second.
struct HubCaretaker: Service {
    let shell: HubShell
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    for (scope, entities) in try await shell.careForState() {
                        logger.warning(
                            "the disk has changed records here; they were made anew from the log",
                            metadata: ["scope": "\(scope)", "entities": "\(entities)"]
                        )
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error(
                        "the hub's own records cannot be looked at",
                        metadata: ["error": "\(error)"]
                    )
                }
                // Cancelled when the daemon stops, which the loop sees.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}
