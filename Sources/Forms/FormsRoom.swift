import Tally

/// Forms as master data: the words of this room, and the entities that it knows.
///
/// The latest version of a form is the decision of the entity `form`; each version has an entity
/// `form_version` of its own besides, so that a record finds the version that it was begun with.
public enum FormsRoom {
    /// What the entity of a form is called.
    public static let kind = "form"

    static let published = "form.published"
    static let versionPublished = "form_version.published"

    public static let vocabulary = Vocabulary(decisions: [published, versionPublished])

    /// The entity of a form: its latest version.
    public static func key(_ code: String) -> EntityKey {
        EntityKey(scope: .company, kind: kind, id: .derived(kind, code))
    }

    /// The entity of one version of a form.
    public static func key(_ code: String, version: Int) -> EntityKey {
        EntityKey(
            scope: .company,
            kind: "form_version",
            id: .derived("form_version", code, String(version))
        )
    }

    /// A problem code when a payload is not what its type says; nil when it is sound.
    public static func flaw(
        _ kind: OperationKind,
        _ type: String,
        _ payload: [UInt8]
    ) -> ProblemCode? {
        guard kind == .decision, vocabulary.decisions.contains(type) else { return nil }
        do {
            _ = try FormDefinition(payload: payload)
            return nil
        } catch {
            return error.code
        }
    }
}

extension FormDefinition {
    /// Reads a form from the entity of the form or of one version; nil when nothing readable was
    /// published there.
    public init?(_ record: EntityRecord) {
        let decisions = record.decisions
        let decision = decisions[FormsRoom.published] ?? decisions[FormsRoom.versionPublished]
        guard let payload = decision?.payload,
            let form = try? FormDefinition(payload: payload)
        else { return nil }  // best effort: only the hub writes these, and it checked them
        self = form
    }

    /// The same form under another version: how what was said before is said again.
    public func numbered(_ version: Int) -> FormDefinition {
        FormDefinition(code: code, version: version, title: title, questions: questions)
    }

    /// Publishes this version.
    ///
    /// - Parameter current: the version in force; nil for a new form.
    /// - Returns: nothing when this very version is in force.
    /// - Throws: ``FormRefusal/versionTaken(form:version:)`` when a version would change,
    ///   ``FormRefusal/versionNotNewer(form:version:current:)`` when a later one is in force.
    public func publish(over current: FormDefinition?) throws -> [Draft] {
        if let current {
            if current == self { return [] }
            if current.version == version {
                throw FormRefusal.versionTaken(form: code, version: version)
            }
            if current.version > version {
                throw FormRefusal.versionNotNewer(
                    form: code,
                    version: version,
                    current: current.version
                )
            }
        }
        let payload = try payload()
        return [
            Draft(
                .decision,
                of: FormsRoom.key(code, version: version),
                type: FormsRoom.versionPublished,
                payload: payload
            ),
            Draft(.decision, of: FormsRoom.key(code), type: FormsRoom.published, payload: payload),
        ]
    }
}
