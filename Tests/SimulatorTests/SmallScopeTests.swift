import Simulator
import Sync
import Testing

/// Small scopes, played whole.
@Suite struct SmallScopeTests {
    @Test(arguments: [(1, 11), (2, 400)])
    func `every history of so many operations is what the model says`(
        _ count: Int,
        _ least: Int
    ) throws {
        let report = try SmallScope.play(operations: count)
        #expect(report.difference == nil)
        #expect(!report.isCut)
        #expect(report.histories > least)
    }

    /// All of three are 29,808 histories: `tallyman simulate --exhaustive 3`.
    @Test(arguments: [3, 4])
    func `longer histories as far as the budget goes`(_ count: Int) throws {
        let report = try SmallScope.play(operations: count, budget: 1_000)
        #expect(report.difference == nil)
        #expect(report.histories == 1_000)
        #expect(report.isCut)
    }

    @Test(arguments: [Defect.nonCommutativeReducer, .unjudgedMove, .doubleApply])
    func `a defect shows in a small history`(_ defect: Defect) throws {
        let report = try SmallScope.play(operations: 3, defect: defect)
        #expect(report.difference != nil)
    }
}
