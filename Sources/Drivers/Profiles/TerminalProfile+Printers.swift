import Labels

extension TerminalProfile {
    /// A printer of the terminal's, as the print queue knows it.
    public struct Printer: Hashable, Sendable {
        public let printer: LabelPrinter
        public let onStartupError: OnStartupError

        /// Tries whether it can be opened now; prints nothing, and closes it again.
        ///
        /// - Parameter milliseconds: for a connection.
        /// - Throws: ``DeviceFault/noAnswer(port:detail:)``.
        public func open(milliseconds: Int = 5_000) throws(DeviceFault) {
            let port = printer.connection
            do {
                let connection = try PrinterConnection(port)
                if case .server(let host, let number, let path) = connection.kind {
                    let server = PrintServer(
                        host: host,
                        port: number,
                        path: path,
                        milliseconds: milliseconds
                    )
                    _ = try server.standing()
                } else {
                    _ = try PrinterWire(connection, milliseconds: milliseconds)
                }
            } catch let trouble as WireTrouble {
                throw .noAnswer(port: port, detail: trouble.words)
            } catch let trouble as PrintServer.Trouble {
                throw .noAnswer(port: port, detail: trouble.words)
            } catch {
                throw .noAnswer(port: port, detail: "\(error)")
            }
        }
    }

    /// The printers that the profile names, in its order.
    ///
    /// - Throws: what the print queue has against one.
    public func printers() throws(PrintRefusal) -> [Printer] {
        var printers: [Printer] = []
        for device in devices where device.profile.kind == .printer {
            guard let facts = device.profile.printer, let area = device.print,
                let connection = device.connection
            else {
                throw .badConnection(device.port.description)
            }
            _ = try PrinterConnection(connection)
            let language = LabelPrinter.Language(rawValue: facts.language.rawValue)
            let printer = try LabelPrinter(
                name: device.name,
                connection: connection,
                language: language ?? .zpl,
                resolution: area.dpi,
                width: area.widthMillimetres * 1_000
            )
            printers.append(Printer(printer: printer, onStartupError: device.onStartupError))
        }
        return printers
    }
}

extension TerminalProfile.Device {
    /// Where it hangs, as the print queue writes it; nil where no printer can be.
    fileprivate var connection: String? {
        switch port {
        case .tcp(let host, let port):
            return "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .serial(let path):
            let flow =
                switch serial.flow {
                case .none: "none"
                case .hardware: "rtscts"
                case .software: "xonxoff"
                }
            return "serial:\(path)?baud=\(serial.baud)&flow=\(flow)"
        case .usb(let path): return "usb:\(path)"
        case .cups(let queue):
            guard let slash = queue.lastIndex(of: "/") else {
                return "ipp://localhost:631/printers/\(queue)"
            }
            return "ipp://\(queue[..<slash])/printers/\(queue[queue.index(after: slash)...])"
        case .listen, .evdev, .video, .folder, .page: return nil
        }
    }
}

extension WireTrouble {
    /// The system's words.
    fileprivate var words: String {
        switch self {
        case .off(let reason), .cutOff(let reason): reason
        }
    }
}

extension PrintServer.Trouble {
    /// The server's or the system's words.
    fileprivate var words: String {
        switch self {
        case .off(let reason), .cutOff(let reason), .refused(let reason), .notFound(let reason):
            reason
        }
    }
}
