/// Tells the time.
///
/// The core never asks the operating system; the assembly hands a clock in.
public protocol Clock: Sendable {
    /// What the clocks of this machine say now.
    func reading() -> ClockReading
}

/// Random numbers.
///
/// Seeded in tests and simulations; the assembly hands in the operating system's elsewhere.
public protocol Dice: RandomNumberGenerator, Sendable {}

/// Dice that roll the same numbers for the same seed: SplitMix64 (Steele, Lea and Flood 2014).
public struct SeededDice: Dice {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Dice of any kind, for functions that want to know which.
public struct AnyDice: Dice {
    public private(set) var dice: any Dice

    public init(_ dice: any Dice) { self.dice = dice }

    public mutating func next() -> UInt64 { dice.next() }
}

/// Makes bytes fewer.
///
/// A port, since compression libraries live at the rim.
public protocol Compressor: Sendable {
    func compress(_ bytes: [UInt8]) throws -> [UInt8]
    /// Gives the bytes back.
    ///
    /// - Parameters:
    ///   - bytes: what `compress` gave.
    ///   - countMax: refuses anything that would unpack to more bytes than this.
    /// - Returns: the bytes.
    /// - Throws: when the bytes are damaged, cut, or unpack to more than `countMax`.
    func decompress(_ bytes: [UInt8], countMax: Int) throws -> [UInt8]
}
