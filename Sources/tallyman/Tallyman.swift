import ArgumentParser

/// The commands.
///
/// Each is a file of its own in the folder of what it is about.
@main
struct Tallyman: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tallyman",
        abstract: "Receiving, inspection and exceptions on the floor, online or not.",
        subcommands: [
            DemoCommand.self, HubCommand.self, AgentCommand.self, CodeCommand.self,
            NoteCommand.self, PlateCommand.self, LabelCommand.self, PrintCommand.self,
            FormCommand.self, ExceptionCommand.self, WhyCommand.self, VerifyCommand.self,
            DoctorCommand.self, BackupCommand.self, RestoreCommand.self, SimulateCommand.self,
            BenchCommand.self, ConformanceCommand.self,
        ]
    )
}
