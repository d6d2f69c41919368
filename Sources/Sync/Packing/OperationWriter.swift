import Tally

/// Writes an operation's message as protobuf does: fields in the order of their numbers, those that
/// say nothing left out.
///
/// The counterpart of ``OperationReader``. A pack is undone with it, so it must give the very bytes
/// that swift-protobuf gives for the same fields.
enum OperationWriter {
    static func bytes(_ parts: OperationParts) -> [UInt8] {
        var wire = WireBytes(capacity: 256 + parts.payload.count + 35 * parts.bases.count)
        wire.number(1, UInt64(parts.format))
        wire.identifier(2, parts.replica)
        wire.fixedNumber(3, parts.incarnation)
        wire.number(4, parts.sequence)
        wire.identifier(5, parts.previous)
        wire.fixedNumber(6, parts.stamp)
        wire.text(7, parts.author)
        let wall = parts.wallMilliseconds
        wire.number(8, UInt64(bitPattern: wall &<< 1 ^ wall >> 63))
        wire.fixedNumber(9, parts.boot)
        wire.number(10, parts.monotonicMilliseconds)
        wire.text(11, parts.site)
        wire.text(12, parts.area)
        wire.number(13, parts.seen)
        wire.number(14, UInt64(parts.kind))
        wire.text(15, parts.entityKind)
        wire.identifier(16, parts.entity)
        wire.text(17, parts.type)
        for base in parts.bases { wire.part(18, base.bytes) }
        wire.part(19, parts.payload, isLeftOut: parts.payload.isEmpty)
        wire.fixedNumber(20, parts.seenEpoch)
        wire.identifier(21, parts.again)
        return wire.bytes
    }
}

extension WireBytes {
    fileprivate mutating func number(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(value)
    }

    fileprivate mutating func fixedNumber(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(field << 3 | 1)
        fixed(value)
    }

    fileprivate mutating func text(_ field: UInt64, _ value: String) {
        part(field, value.utf8, isLeftOut: value.isEmpty)
    }

    fileprivate mutating func identifier(_ field: UInt64, _ value: Identifier?) {
        guard let value else { return }
        varint(field << 3 | 2)
        varint(16)
        raw(value)
    }

    fileprivate mutating func part(
        _ field: UInt64,
        _ value: some Collection<UInt8>,
        isLeftOut: Bool = false
    ) {
        guard !isLeftOut else { return }
        varint(field << 3 | 2)
        counted(value)
    }
}
