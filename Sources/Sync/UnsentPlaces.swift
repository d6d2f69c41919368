import Tally

/// Which operations of a log the hub has not acknowledged, by who recorded them and by lane.
///
/// Places are those in the order stored. Asking for the first few, or how many there are, costs the
/// same however many wait.
struct UnsentPlaces {
    /// Where an operation stands: in which chain's lane, and at which place of the log.
    struct Entry {
        let replica: Identifier
        let lane: Lane
        let place: Int
    }

    private var lanes: [Identifier: [Lane: [Int]]] = [:]

    /// Puts an operation in, or takes it out.
    ///
    /// - Returns: whether that changed anything.
    mutating func set(_ entry: Entry, _ isUnsent: Bool) -> Bool {
        let (index, isThere) = find(entry)
        guard isThere != isUnsent else { return false }
        if isUnsent {
            lanes[entry.replica, default: [:]][entry.lane, default: []]
                .insert(entry.place, at: index)
        } else {
            lanes[entry.replica]?[entry.lane]?.remove(at: index)
        }
        return true
    }

    /// The first places of a replica, by lane and in each by place.
    func first(_ limit: Int, of replica: Identifier) -> [Int] {
        guard let own = lanes[replica] else { return [] }
        var found: [Int] = []
        for lane in own.keys.sorted() {
            found += (own[lane] ?? []).prefix(limit - found.count)
            if found.count >= limit { break }
        }
        return found
    }

    /// How many places a replica has, and the earliest of them.
    func summary(of replica: Identifier) -> (count: Int, earliest: Int?) {
        guard let own = lanes[replica] else { return (0, nil) }
        var (count, earliest) = (0, Int?.none)
        for places in own.values {
            guard let first = places.first else { continue }
            count += places.count
            earliest = min(earliest ?? first, first)
        }
        return (count, earliest)
    }

    /// Where an entry is among its lane's places, or belongs, and whether it is there.
    private func find(_ entry: Entry) -> (index: Int, isThere: Bool) {
        guard let places = lanes[entry.replica]?[entry.lane] else { return (0, false) }
        let index = Self.index(of: entry.place, in: places)
        return (index, index < places.endIndex && places[index] == entry.place)
    }

    /// The index of the first of the sorted `places` that is not before `place`.
    private static func index(of place: Int, in places: [Int]) -> Int {
        var (low, high) = (places.startIndex, places.endIndex)
        // What is recorded goes to the end, nearly always.
        if let last = places.last, last < place { return high }
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
