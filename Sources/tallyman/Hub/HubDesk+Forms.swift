import Connectors
import Forms
import Foundation
import Hub
import Sync
import Tally

extension HubDesk {
    /// More versions than this are not looked for.
    private static let versionsMax = 1000

    /// The forms that were published.
    func forms() async throws -> [FormView] {
        try await shell.read { node, reading in
            let reader = node.reader(reading)
            return try reader.records(kind: FormsRoom.kind, in: .company)
                .compactMap(FormDefinition.init)
                .sorted { $0.code < $1.code }
                .map { FormView($0, versions: try Self.versions(of: $0, reader)) }
        }
    }

    /// Publishes a draft; the same content again changes nothing.
    func publishForm(_ name: String, _ content: [UInt8]) async throws -> [FormView] {
        let file = try FormFile(name: name, bytes: content)
        guard let form = file.form else {
            throw file.faults.first?.refusal ?? FormRefusal.malformed(name)
        }
        return try await publish(form.code) { current, _ in (form, try form.publish(over: current))
        }
    }

    /// Publishes what an earlier version said, under the next number.
    func rollBackForm(_ code: String, to version: Int?) async throws -> [FormView] {
        try await publish(code) { current, reader in
            guard let current else {
                throw FormRefusal.unknownVersion(form: code, version: version ?? 1, known: "")
            }
            let known = try Self.versions(of: current, reader)
            let wanted = version ?? known.first { $0 < current.version }
            let key = FormsRoom.key(code, version: wanted ?? 0)
            guard let earlier = FormDefinition(try reader.record(of: key)) else {
                let words = known.map(String.init).joined(separator: ", ")
                throw FormRefusal.unknownVersion(form: code, version: wanted ?? 0, known: words)
            }
            let again = earlier.numbered(current.version + 1)
            return (again, try again.publish(over: current))
        }
    }

    private func publish(
        _ code: String,
        _ drafts:
            @escaping @Sendable (FormDefinition?, EntityReader) throws -> (FormDefinition, [Draft])
    ) async throws -> [FormView] {
        try await shell.write { node, dice, reading, transaction in
            let reader = node.reader(transaction)
            let current = FormDefinition(try reader.record(of: FormsRoom.key(code)))
            let (form, made) = try drafts(current, reader)
            _ = try node.register(
                made,
                by: "",
                reading: reading,
                dice: &dice,
                in: transaction
            )
            return [FormView(form, versions: try Self.versions(of: form, node.reader(transaction)))]
        }
    }

    /// The versions of a form that were published, the latest first.
    private static func versions(
        of form: FormDefinition,
        _ reader: EntityReader
    ) throws -> [Int] {
        try (1...form.version).reversed().prefix(versionsMax).filter { version in
            FormDefinition(try reader.record(of: FormsRoom.key(form.code, version: version))) != nil
        }
    }
}

extension FormView {
    fileprivate init(_ form: FormDefinition, versions: [Int]) {
        self.init(
            code: form.code,
            version: form.version,
            title: form.title.texts,
            versions: versions,
            digest: form.digest ?? ""
        )
    }
}
