import Glibc

/// A print server (CUPS), or a printer that speaks IPP itself, asked over HTTP.
///
/// Calls block their thread, each with a time limit.
struct PrintServer {
    /// How a job stands at the server (RFC 8011, section 5.3.7).
    enum JobState: Int {
        case pending = 3
        case held = 4
        case processing = 5
        case stopped = 6
        case canceled = 7
        case aborted = 8
        case completed = 9
    }

    struct Job: Hashable {
        let id: Int
        let state: JobState
        /// The server's words.
        let words: String
    }

    /// What the server says of the printer.
    struct Standing: Hashable {
        let isAccepting: Bool
        /// Whether it is CUPS: then its "completed" is no word of the printer's.
        let isCUPS: Bool
        let words: String
    }

    /// Why a call came to nothing.
    enum Trouble: Error {
        /// The request did not reach it.
        case off(String)
        /// It may have reached it.
        case cutOff(String)
        /// It said no.
        case refused(String)
        /// It does not know the job, or the printer.
        case notFound(String)
    }

    let host: String
    let port: UInt16
    let path: String
    let user = "tallyman"
    let milliseconds: Int

    private var uri: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "ipp://\(name):\(port)\(path)"
    }

    // MARK: - Requests

    func standing() throws(Trouble) -> Standing {
        let answer = try ask(
            IPPMessage(
                .getPrinterAttributes,
                printer: uri,
                user: user,
                [
                    .init(
                        name: "requested-attributes",
                        values: [
                            .keyword("printer-state"), .keyword("printer-state-message"),
                            .keyword("printer-is-accepting-jobs"), .keyword("cups-version"),
                            .keyword("device-uri"), .keyword("printer-type"),
                            .keyword("printer-state-reasons"),
                        ]
                    )
                ]
            )
        )
        let attributes = answer.all(.printer).first ?? []
        let accepting = IPPMessage.value("printer-is-accepting-jobs", in: attributes)
        // Only CUPS tells of these.
        let isCUPS = ["cups-version", "printer-type", "device-uri"].contains { name in
            attributes.contains { $0.name == name }
        }
        return Standing(
            isAccepting: accepting != .boolean(false),
            isCUPS: isCUPS,
            words: Self.words(attributes, ["printer-state-message", "printer-state-reasons"])
        )
    }

    /// Hands a job in.
    ///
    /// - Returns: its number there.
    func print(
        _ document: [UInt8],
        type: String,
        name: String,
        copies: Int
    ) throws(Trouble) -> Int {
        var request = IPPMessage(
            .printJob,
            printer: uri,
            user: user,
            [
                .init(name: "job-name", values: [.name(name)]),
                .init(name: "document-format", values: [.mimeType(type)]),
            ]
        )
        if copies > 1 {
            let attribute = IPPMessage.Attribute(name: "copies", values: [.integer(Int32(copies))])
            request.groups.append((IPPMessage.Group.job.rawValue, [attribute]))
        }
        let answer = try ask(request, document)
        let attributes = answer.all(.job).first ?? []
        guard let id = IPPMessage.value("job-id", in: attributes)?.number else {
            throw .cutOff("no number for the job")
        }
        return id
    }

    /// Finds a job by the name that it was handed in with.
    ///
    /// - Returns: the newest such job; nil when the server never had it.
    func find(_ name: String) throws(Trouble) -> Job? {
        for which in ["not-completed", "completed"] {
            let answer = try ask(
                IPPMessage(
                    .getJobs,
                    printer: uri,
                    user: user,
                    [
                        .init(name: "which-jobs", values: [.keyword(which)]),
                        .init(name: "requested-attributes", values: Self.jobAttributes),
                    ]
                )
            )
            let jobs = answer.all(.job).filter { attributes in
                IPPMessage.value("job-name", in: attributes)?.text == name
            }
            if let job = jobs.compactMap(Self.job).max(by: { $0.id < $1.id }) { return job }
        }
        return nil
    }

    func job(_ id: Int) throws(Trouble) -> Job {
        let answer = try ask(
            IPPMessage(
                .getJobAttributes,
                printer: uri,
                user: user,
                [
                    .init(name: "job-id", values: [.integer(Int32(clamping: id))]),
                    .init(name: "requested-attributes", values: Self.jobAttributes),
                ]
            )
        )
        guard let job = answer.all(.job).first.flatMap(Self.job) else {
            throw .refused("no state for job \(id)")
        }
        return job
    }

    func cancel(_ id: Int) throws(Trouble) {
        _ = try ask(
            IPPMessage(
                .cancelJob,
                printer: uri,
                user: user,
                [.init(name: "job-id", values: [.integer(Int32(clamping: id))])]
            )
        )
    }

    private static let jobAttributes: [IPPMessage.Value] = [
        .keyword("job-id"), .keyword("job-name"), .keyword("job-state"),
        .keyword("job-state-reasons"), .keyword("job-printer-state-message"),
        .keyword("job-state-message"),
    ]

    private static func job(_ attributes: [IPPMessage.Attribute]) -> Job? {
        guard let id = IPPMessage.value("job-id", in: attributes)?.number,
            let number = IPPMessage.value("job-state", in: attributes)?.number,
            let state = JobState(rawValue: number)
        else { return nil }
        let names = ["job-printer-state-message", "job-state-message", "job-state-reasons"]
        return Job(id: id, state: state, words: words(attributes, names))
    }

    private static func words(
        _ attributes: [IPPMessage.Attribute],
        _ names: [String]
    ) -> String {
        let texts = names.map { name in
            attributes.first { $0.name == name }?.values.map(\.text).joined(separator: ", ") ?? ""
        }
        return texts.first { !$0.isEmpty && $0 != "none" } ?? ""
    }

    // MARK: - Transport

    private func ask(
        _ request: IPPMessage,
        _ document: [UInt8] = []
    ) throws(Trouble) -> IPPMessage {
        let body: [UInt8]
        do {
            let post = HTTPPost(host: host, port: port, path: path, milliseconds: milliseconds)
            body = try post.send(request.encoded() + document, type: "application/ipp")
        } catch {
            switch error {
            case .off(let reason): throw .off(reason)
            case .cutOff(let reason): throw .cutOff(reason)
            }
        }
        guard let answer = IPPMessage(body) else { throw .cutOff("not an answer in IPP") }
        guard answer.code < 0x0100 else {
            let message = answer.all(.operation).first.flatMap {
                IPPMessage.value("status-message", in: $0)?.text
            }
            let words = (message ?? "") + " (0x\(String(answer.code, radix: 16)))"
            // client-error-not-found
            if answer.code == 0x0406 { throw .notFound(words) }
            throw .refused(words)
        }
        return answer
    }
}
