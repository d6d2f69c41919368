/// What happens next: events by time, and among those of one time in the order they were put in.
struct EventQueue<Event> {
    private struct Entry {
        let time: UInt64
        let ordinal: UInt64
        let event: Event

        func isBefore(_ other: Entry) -> Bool {
            (time, ordinal) < (other.time, other.ordinal)
        }
    }

    /// A binary heap.
    private var heap: [Entry] = []
    private var ordinal: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func put(_ event: Event, at time: UInt64) {
        ordinal += 1
        heap.append(Entry(time: time, ordinal: ordinal, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func take() -> (time: UInt64, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.event)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
