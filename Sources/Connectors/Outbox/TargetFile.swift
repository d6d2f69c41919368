import Foundation
import Forms
import Tally

/// Reads a file of targets: YAML or JSON.
///
/// ```yaml
/// targets:
///   erp:
///     kind: rest
///     topics: [arrival_order]
///     rate: 60/min
///     retry: {after: [5s, 1m, 10m], attempts: 20}
///     send: {url: "https://erp/orders", body: '{"reference": "{{key}}"}', number: id}
///     ask: {url: "https://erp/orders?reference={{key}}", found: "[0]", number: "[0].id"}
/// ```
public struct TargetFile {
    private let tree: DefinitionTree
    private let name: String
    private let secrets: TargetSecrets

    private static let common: Set<String> = [
        "kind", "topics", "sites", "rate", "retry", "timeout", "language", "link", "digest",
        "callback",
    ]

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - name: the file's name.
    ///   - bytes: its content.
    ///   - environment: where secrets are named that stand there.
    /// - Returns: its targets, by name.
    /// - Throws: ``ImportRefusal`` or ``OutboxRefusal``, naming the line.
    public static func read(
        name: String,
        bytes: [UInt8],
        environment: [String: String]
    ) throws -> [OutboxTarget] {
        let file = TargetFile(
            tree: try DefinitionTree(name: name, bytes: bytes),
            name: name,
            secrets: TargetSecrets(environment: environment)
        )
        do {
            let root = FormNodeReader(file.tree.node)
            try root.checkKeys(["targets"])
            return try root.required("targets").entries().map { key, node in
                try file.target(key, node)
            }
        } catch let refusal as FormRefusal {
            throw OutboxRefusal(refusal, in: file.tree, file: name)
        }
    }

    private func target(_ key: String, _ node: FormNodeReader) throws -> OutboxTarget {
        let named = try node.required("kind").text()
        guard let kind = OutboxTarget.Kind(rawValue: named) else {
            let known = OutboxTarget.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw node.refusal(.wrongKind, at: "kind", expected: known)
        }
        let isLegal = key.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || $0 == 45
        }
        guard isLegal, (1...40).contains(key.utf8.count) else {
            throw node.refusal(.wrongKind, expected: "a-z, 0-9, -")
        }
        let reader = TargetReader(node: node, secrets: secrets)
        let means = try reader.means(kind, Self.common)
        let language = try node.optional("language")?.text() ?? "zh-CN"
        guard ["zh-CN", "en"].contains(language) else {
            throw node.refusal(.wrongKind, at: "language", expected: "zh-CN, en")
        }
        return OutboxTarget(
            name: key,
            kind: kind,
            means: means,
            topics: try reader.words("topics"),
            sites: try reader.words("sites"),
            rate: try node.optional("rate")?.rate() ?? reader.usualRate(means),
            digestMax: try reader.digest(kind),
            retry: try node.optional("retry").map(reader.retry) ?? .standard,
            timeoutMilliseconds: try node.optional("timeout")?.duration() ?? 15_000,
            language: language,
            link: try node.optional("link").map { try reader.template($0, .query) },
            callbackSecret: try node.optional("callback").map(reader.secret) ?? ""
        )
    }
}

/// Where the secrets of a file of targets are: `env:NAME`, `file:/PATH`, or the text itself.
struct TargetSecrets: Sendable {
    let environment: [String: String]

    func secret(_ text: String) throws -> String {
        if text.hasPrefix("env:") {
            let name = String(text.dropFirst(4))
            guard let value = environment[name], !value.isEmpty else {
                throw OutboxRefusal.secret(text)
            }
            return value
        }
        guard text.hasPrefix("file:") else { return text }
        do {
            let value = try String(contentsOfFile: String(text.dropFirst(5)), encoding: .utf8)
            return value.trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw OutboxRefusal.secret(text)
        }
    }
}
