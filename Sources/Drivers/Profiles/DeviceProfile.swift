/// What is known of a make and model: a file of `Devices`.
///
/// `Devices/device.schema.json` says what a file may hold, and is published with it.
public struct DeviceProfile: Hashable, Sendable, Decodable {
    /// What a device is for.
    public enum Kind: String, Hashable, Sendable, Decodable, CaseIterable {
        case scanner, camera, printer
    }

    /// A way in which the device plugs in.
    public struct Plug: Hashable, Sendable, Decodable {
        /// What the operating system sees.
        public enum Way: String, Hashable, Sendable, Decodable {
            case usbKeyboard = "usb-keyboard"
            case usbSerial = "usb-serial"
            case usbPrinter = "usb-printer"
            case usbVideo = "usb-video"
            case rs232
            case tcp
        }

        public let via: Way
        /// Nil where no public source tells it.
        public let usb: USBIdentity?
        /// How it is delivered; nil where no public source tells it.
        public let serial: SerialSettings?
        /// The port that it listens on, for `tcp`.
        public let port: Int?
        /// The manual or other public source that these facts are from.
        public let source: String?
    }

    /// The numbers by which a USB device says what it is, four hexadecimal digits each.
    public struct USBIdentity: Hashable, Sendable, Decodable {
        public let vendor: String
        public let product: String?
    }

    /// What lights and sounds mean, for whoever looks at the device.
    public struct Signals: Hashable, Sendable, Decodable {
        public let leds: [String]?
        public let beeps: [String]?
        public let source: String?
    }

    /// What a printer understands.
    public struct Printer: Hashable, Sendable, Decodable {
        /// A page description that printers take.
        public enum Language: String, Hashable, Sendable, Decodable {
            case zpl, tspl, escpos
        }

        public let language: Language
        /// Dots an inch; nil where units differ or no public source tells.
        public let dpi: Int?
        /// How wide it prints at most; nil where that depends on the roll or is not told.
        public let widthMillimetres: Int?
        /// Whether it answers when asked how it is.
        public let answersStatus: Bool?
        public let source: String?
    }

    /// What a camera gives.
    public struct Camera: Hashable, Sendable, Decodable {
        /// Wanted width and height in pixels; the driver takes what comes nearest.
        public let width: Int
        public let height: Int
        /// How many pictures a second are searched for codes, at most.
        public let framesPerSecond: Int
        public let source: String?
    }

    /// The file's name without its ending; terminals' profiles name it.
    public internal(set) var name = ""
    public let make: String
    public let model: String
    public let kind: Kind
    public let plugs: [Plug]
    /// How a scan arrives out of the box, as far as a public source tells; nil where none does.
    public let sends: ScanFormat?
    public let signals: Signals?
    public let printer: Printer?
    public let camera: Camera?
    /// What to set on the device for the best service, in both languages.
    public let advice: Advice?

    /// Words for whoever sets a device up.
    public struct Advice: Hashable, Sendable, Decodable {
        public let chinese: String
        public let english: String

        private enum CodingKeys: String, CodingKey {
            case chinese = "zh-CN"
            case english = "en"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case make, model, kind, plugs, sends, signals, printer, camera, advice
    }

    /// The settings with which its serial port is delivered; nil where no public source tells.
    public var serial: SerialSettings? { plugs.lazy.compactMap(\.serial).first }
}

/// How a serial port is set: bits a second and the shape of a character.
public struct SerialSettings: Hashable, Sendable, Decodable {
    /// Whether a bit is added so that ones are even or odd in number.
    public enum Parity: String, Hashable, Sendable, Decodable {
        case none, even, odd
    }

    /// What keeps a sender from sending too fast.
    public enum Flow: String, Hashable, Sendable, Decodable {
        case none, hardware, software
    }

    public var baud = 9600
    public var bits = 8
    public var parity = Parity.none
    public var stopBits = 1
    public var flow = Flow.none

    /// 9600 bits a second, 8 bits, no parity, one stop bit: how Linux sets a port that nobody set.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case baud, bits, parity, stopBits, flow
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        baud = try values.decodeIfPresent(Int.self, forKey: .baud) ?? baud
        bits = try values.decodeIfPresent(Int.self, forKey: .bits) ?? bits
        parity = try values.decodeIfPresent(Parity.self, forKey: .parity) ?? parity
        stopBits = try values.decodeIfPresent(Int.self, forKey: .stopBits) ?? stopBits
        flow = try values.decodeIfPresent(Flow.self, forKey: .flow) ?? flow
    }
}
