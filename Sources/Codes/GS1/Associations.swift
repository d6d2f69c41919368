extension GS1Reading {
    /// Refuses application identifiers that may not stand together, that lack another one, or that
    /// are there twice with different values.
    ///
    /// The rules are meant for all codes of one label together, so only a text that is said to be
    /// a whole label is held against them.
    func checkAssociations() throws(CodeRefusal) {
        let sorted = elements.sorted { $0.identifier.code < $1.identifier.code }
        let codes = Set(sorted.map(\.identifier.code))
        try checkExclusions(sorted, codes)
        try checkCompanions(sorted, codes)
        for (element, next) in zip(sorted, sorted.dropFirst())
        where element.identifier.code == next.identifier.code && element.value != next.value {
            throw refusal(.repeatedDiffers, next)
        }
        guard codes.contains("8030") else { return }
        for element in sorted where ["253", "255", "8003"].contains(element.identifier.code) {
            guard element.value.count > element.identifier.countMin else {
                throw refusal(.serialMissing, element, other: "8030")
            }
        }
    }

    private func checkExclusions(
        _ sorted: [RawElement],
        _ codes: Set<String>
    ) throws(CodeRefusal) {
        for element in sorted {
            let code = element.identifier.code
            for pattern in element.identifier.exclusions {
                if let other = codes.first(where: { $0 != code && pattern.matches($0) }) {
                    throw refusal(.pairForbidden, element, other: other)
                }
            }
        }
    }

    private func checkCompanions(
        _ sorted: [RawElement],
        _ codes: Set<String>
    ) throws(CodeRefusal) {
        for element in sorted {
            let code = element.identifier.code
            for alternatives in element.identifier.companions {
                let isMet = alternatives.contains { group in
                    group.allSatisfy { pattern in
                        codes.contains { $0 != code && pattern.matches($0) }
                    }
                }
                guard !isMet else { continue }
                let needed = alternatives.map { group in
                    group.map(\.description).joined(separator: "+")
                }
                throw refusal(
                    .companionMissing,
                    element,
                    other: needed.joined(separator: ",")
                )
            }
        }
    }
}
