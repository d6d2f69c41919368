import Tally

/// A field: the values that nobody who had seen them has replaced, and what was replaced.
///
/// An edit names the edits that its author saw and replaces (its bases). With E the set of edits
/// that came and B the union of their bases, the values in force are E − B: a function of the set
/// alone, so any order, repetition and batching of the same edits gives the same register.
/// Several values in force mean that their authors did not know of each other: the one with the
/// latest stamp is shown, the others stay as a conflict until someone who sees them all decides.
package struct Register: Equatable {
    /// A value in force, and the stamp by which it is ranked.
    package struct Head: Equatable {
        let stamp: HybridStamp
        package let value: FieldValue

        /// The value of one edit.
        package init(stamp: HybridStamp, value: FieldValue) {
            self.stamp = stamp
            self.value = value
        }
    }

    /// Shown value first: latest stamp, then greatest operation id.
    private(set) var heads: [Head] = []
    /// The ids that edits named as bases, sorted; they never come into force again.
    package private(set) var replaced: [OperationID] = []

    /// The values in force, the one shown first.
    package var values: [FieldValue] { heads.map(\.value) }

    /// Whether values in force differ.
    ///
    /// Equal values from two authors are no conflict.
    package var isConflict: Bool { Set(heads.map(\.value.value)).count > 1 }

    /// A field that nobody has given a value.
    package init() {}

    /// Takes an edit in; a second time changes nothing.
    ///
    /// - Parameters:
    ///   - head: the edit's value.
    ///   - bases: what its author saw and replaces.
    ///   - remembers: false for the defect `resurrection`.
    package mutating func apply(_ head: Head, bases: [OperationID], remembers: Bool = true) {
        for base in bases where remembers {
            let place = place(of: base)
            if place == replaced.endIndex || replaced[place] != base {
                replaced.insert(base, at: place)
            }
        }
        let id = head.value.evidence.operation
        heads.removeAll {
            $0.value.evidence.operation == id || bases.contains($0.value.evidence.operation)
        }
        let own = place(of: id)
        guard own == replaced.endIndex || replaced[own] != id else { return }
        heads.append(head)
        heads.sort {
            ($0.stamp, $0.value.evidence.operation) > ($1.stamp, $1.value.evidence.operation)
        }
    }

    /// Whether the edit has come, in force or replaced since.
    func knows(_ id: OperationID) -> Bool {
        let place = place(of: id)
        return place < replaced.endIndex && replaced[place] == id
            || heads.contains { $0.value.evidence.operation == id }
    }

    /// Where `id` stands among the replaced ones, or would.
    private func place(of id: OperationID) -> Int {
        var low = replaced.startIndex
        var high = replaced.endIndex
        while low < high {
            let middle = (low + high) / 2
            if replaced[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Reads a `field` cell.
    package init(cell: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(cell)
        heads = try decoder.list { (decoder) throws(CanonicalError) in
            let stamp = HybridStamp(bits: try decoder.integer())
            let evidence = try decoder.evidence()
            let value = FieldValue(evidence: evidence, value: try decoder.byteString())
            return Head(stamp: stamp, value: value)
        }
        replaced = try decoder.list { (decoder) throws(CanonicalError) in
            try decoder.operationID()
        }
        try decoder.finish()
    }

    /// The value of the `field` cell.
    package var cell: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(heads) { encoder, head in
            encoder.write(head.stamp.bits)
            encoder.write(head.value.evidence)
            encoder.write(head.value.value)
        }
        encoder.write(replaced) { $0.write($1) }
        return encoder.bytes
    }
}
