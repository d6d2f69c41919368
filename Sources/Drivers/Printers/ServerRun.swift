import Labels
import Tally

/// One job on its way through a print server.
///
/// The job's name there carries our number for it and the run (``PrintJob/serverName(plant:)``).
/// Whenever it is in doubt whether the server has the job, it is asked by that name before anything
/// is sent; a server that does not answer leaves the job as it is.
struct ServerRun: Sendable {
    let run: PrinterRun
    let server: PrintServer

    private func find(_ job: PrintJob) async throws -> PrintServer.Job? {
        let name = job.serverName(plant: run.plant)
        return try await ask { try server.find(name) }
    }

    func print(_ job: PrintJob) async throws -> PrinterRun.Outcome {
        let stream: PrintStream
        do {
            let standing = try await ask { try server.standing() }
            guard standing.isAccepting else {
                return try await run.wait(job, .paused, standing.words)
            }
            if job.attempts > 0, let found = try await find(job) {
                return try await adopt(job, found.id, from: .queued)
            }
            stream = try await run.drawn(job)
        } catch let trouble as PrintServer.Trouble {
            return try await unreached(job, trouble)
        } catch let refusal as any Refusal {
            return try await run.fail(job, .notDrawn, refusal.plainText)
        }
        var start = PrintChange(.sending, .atServer, at: run.now)
        start.isAttempt = true
        start.isArmed = true
        guard try await run.change(job, [.queued], start) else { return .done }
        do {
            let isPDF = run.printer.language == .pdf
            let name = job.serverName(plant: run.plant)
            let id = try await ask {
                try server.print(
                    stream.bytes,
                    type: isPDF ? "application/pdf" : "application/vnd.cups-raw",
                    name: name,
                    copies: isPDF ? job.copies : 1
                )
            }
            return try await adopt(job, id, from: .sending)
        } catch PrintServer.Trouble.refused(let words), PrintServer.Trouble.notFound(let words) {
            return try await run.fail(job, .serverRefused, words)
        } catch PrintServer.Trouble.off(let reason) {
            let back = PrintChange(.queued, .off, detail: reason, at: run.now)
            _ = try await run.change(job, [.sending], back)
            return .later
        } catch PrintServer.Trouble.cutOff(let reason) {
            // It may have arrived: found by its name at the next look.
            let told = PrintChange(.sending, .interrupted, detail: reason, at: run.now)
            _ = try await run.change(job, [.sending], told)
            return .later
        }
    }

    private func unreached(
        _ job: PrintJob,
        _ trouble: PrintServer.Trouble
    ) async throws -> PrinterRun.Outcome {
        switch trouble {
        case .off(let reason), .cutOff(let reason):
            return try await run.wait(job, .off, reason)
        case .refused(let words), .notFound(let words):
            return try await run.wait(job, .trouble, words)
        }
    }

    private func adopt(
        _ job: PrintJob,
        _ id: Int,
        from state: PrintState
    ) async throws -> PrinterRun.Outcome {
        var taken = PrintChange(.sending, .atServer, at: run.now)
        taken.ticket = String(id)
        taken.isArmed = true
        guard try await run.change(job, [state], taken),
            let job = try await run.queue.job(job.id)
        else { return .done }
        return try await watch(job)
    }

    // MARK: - Watching

    /// Follows a job at the server until the server is done with it.
    func watch(_ job: PrintJob) async throws -> PrinterRun.Outcome {
        var job = job
        do {
            guard let id = try await ticket(of: job) else {
                // The server never had it, so it cannot have printed.
                let back = PrintChange(.queued, .cutOff, at: run.now)
                _ = try await run.change(job, [.sending], back)
                return .later
            }
            let isCUPS = try await ask { try server.standing().isCUPS }
            while true {
                if job.isRecalled { try await recall(id) }
                let state = try await ask { try server.job(id) }
                if let end = ending(job, state, isCUPS) {
                    _ = try await run.change(job, [.sending], end)
                    return .done
                }
                if job.detail != state.words || job.note != PrintNote.atServer.rawValue {
                    let told = PrintChange(.sending, .atServer, detail: state.words, at: run.now)
                    _ = try await run.change(job, [.sending], told)
                }
                try await Task.sleep(for: .milliseconds(run.settings.poll))
                guard let fresh = try await run.queue.job(job.id), fresh.state == .sending else {
                    return .done
                }
                job = fresh
            }
        } catch PrintServer.Trouble.notFound(let words) {
            // Purged: whether it printed before that, nobody can say any more.
            let lost = PrintChange(.unknown, .interrupted, detail: words, at: run.now)
            _ = try await run.change(job, [.sending], lost)
            return .done
        } catch PrintServer.Trouble.off(let reason), PrintServer.Trouble.cutOff(let reason),
            PrintServer.Trouble.refused(let reason)
        {
            if job.note != PrintNote.interrupted.rawValue || job.detail != reason {
                let told = PrintChange(.sending, .interrupted, detail: reason, at: run.now)
                _ = try await run.change(job, [.sending], told)
            }
            return .later
        }
    }

    /// The job's number at the server: the one that it gave, or by the job's name.
    private func ticket(of job: PrintJob) async throws -> Int? {
        if let id = Int(job.ticket) { return id }
        guard let found = try await find(job) else { return nil }
        var taken = PrintChange(.sending, .atServer, at: run.now)
        taken.ticket = String(found.id)
        _ = try await run.change(job, [.sending], taken)
        return found.id
    }

    private func recall(_ id: Int) async throws {
        do {
            try await ask { try server.cancel(id) }
        } catch PrintServer.Trouble.refused {
            // Over already: its state says how.
        }
    }

    private func ending(
        _ job: PrintJob,
        _ state: PrintServer.Job,
        _ isCUPS: Bool
    ) -> PrintChange? {
        switch state.state {
        case .pending, .held, .processing, .stopped: nil
        case .canceled:
            job.isRecalled
                ? PrintChange(.cancelled, at: run.now)
                : PrintChange(.failed, .serverRefused, detail: state.words, at: run.now)
        case .aborted: PrintChange(.failed, .serverRefused, detail: state.words, at: run.now)
        case .completed:
            isCUPS
                ? PrintChange(.sent, .serverDone, detail: state.words, at: run.now)
                : PrintChange(.printed, detail: state.words, at: run.now)
        }
    }

    private func ask<Value: Sendable>(
        _ question: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await run.onThread(question)
    }
}
