import Drivers
import Foundation
import Tally
import Testing

@Suite struct ProfileTests {
    @Test func `every carried profile is as the published schema says`() throws {
        let library = try Carried.library()
        let wanted = [
            "zebra-ds2208", "honeywell-xenon-1950g", "datalogic-quickscan-qd2500", "newland-hr32",
            "generic-wedge", "generic-serial", "zebra-zd421", "tsc-te210", "epson-tm-t20",
            "uvc-camera",
        ]
        #expect(Set(wanted).subtracting(library.names).isEmpty)
        for name in library.names {
            let profile = try library.profile(name)
            #expect(profile.name == name)
            #expect(profile.kind == .scanner || profile.sends == nil, "\(name): sends")
            #expect((profile.kind == .printer) == (profile.printer != nil), "\(name): printer")
            #expect((profile.kind == .camera) == (profile.camera != nil), "\(name): camera")
        }
    }

    /// What is not known is left out: what a person does then works for every carried profile.
    @Test func `every carried profile is usable, and what it does not tell is asked for`() throws {
        let library = try Carried.library()
        for name in library.names {
            let profile = try library.profile(name)
            func terminal(_ port: String, _ more: String = "") throws -> TerminalProfile.Device {
                let terminal = try Carried.terminal(
                    "devices:\n  - name: a\n    profile: \(name)\n    port: \(port)\n\(more)"
                )
                return try #require(terminal.devices.first)
            }
            switch profile.kind {
            case .scanner:
                #expect(try terminal("serial:/dev/ttyACM0").format.prefix.isEmpty)
                #expect(try terminal("evdev:/dev/input/event1").format.aim == .off)
                let device = try terminal("serial:/dev/ttyS0", "    serial: {baud: 19200}\n")
                #expect(device.serial.baud == 19_200)
                if profile.serial == nil {
                    let refusal = #expect(throws: ProfileRefusal.self) {
                        try terminal("serial:/dev/ttyS0")
                    }
                    #expect(refusal?.facts["key"] == "serial", "\(name)")
                    #expect(refusal?.facts["profile"] == name)
                }
            case .printer:
                let area = "    printer: {dpi: 300, widthMillimetres: 50}\n"
                let printers = try Carried.terminal(
                    "devices:\n  - name: a\n    profile: \(name)\n    port: usb:/dev/usb/lp0\n"
                        + area
                )
                #expect(printers.devices.map(\.print?.dpi) == [300])
                #expect(try printers.printers().count == 1)
                if profile.printer?.widthMillimetres == nil {
                    let refusal = #expect(throws: ProfileRefusal.self) {
                        try terminal("usb:/dev/usb/lp0")
                    }
                    #expect(refusal?.facts["key"] == "widthMillimetres", "\(name)")
                }
            case .camera:
                #expect(try terminal("v4l2:/dev/video0").profile.camera != nil)
            }
        }
    }

    @Test(arguments: [
        ("page", "page"), ("tcp:10.0.0.9:9100", "tcp:10.0.0.9:9100"),
        ("serial:/dev/ttyACM0", "serial:/dev//ttyACM0"),
        ("listen:localhost:9004", "listen:LOCALHOST:9004"), ("folder:/a", "folder:/a/"),
    ])
    func `two devices at one port are refused with both names`(_ first: String, _ second: String) {
        let refusal = #expect(throws: ProfileRefusal.self) {
            try Carried.terminal(
                """
                devices:
                  - {name: dock, profile: generic-serial, port: "\(first)"}
                  - {name: gate, profile: zebra-ds2208, port: "\(second)"}
                """
            )
        }
        #expect(refusal?.code.text == "devices.same_port")
        #expect(refusal?.facts["device"] == "gate")
        #expect(refusal?.facts["other"] == "dock")
    }

    @Test func `the page's keyboard and its camera are two places`() throws {
        let terminal = try Carried.terminal(
            """
            devices:
              - {name: keys, profile: generic-wedge, port: page}
              - {name: eye, profile: uvc-camera, port: page}
              - {name: any, profile: generic-serial, port: "listen:127.0.0.1:0"}
              - {name: other, profile: generic-serial, port: "listen:127.0.0.1:0"}
            """
        )
        #expect(terminal.devices.count == 4)
    }

    @Test func `the rules for suppliers' codes are as their published schema says`() throws {
        let folder = Carried.root.appending(path: "Templates/CodeRules").path
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
        }
        let schema = try ProfileSchema(
            text: try text("code_rules.schema.json"),
            file: "code_rules.schema.json"
        )
        let rules = try text("suppliers.yaml")
        try schema.check(text: rules, file: "suppliers.yaml")
        for fault in [("carrier: note", "carrier: cart"), ("wanted:", "wnated:")] {
            #expect(throws: ProfileRefusal.self) {
                try schema.check(text: rules.replacing(fault.0, with: fault.1), file: "x.yaml")
            }
        }
    }

    /// Each fault is refused with the line at which it stands.
    @Test(arguments: [
        ("make: A\nmodel: B\nkind: scanner\n", 1, "plugs is required"),
        (
            "make: A\nmodel: B\nkind: teapot\nplugs: [{via: tcp, source: from nowhere}]\n", 3,
            "one of"
        ),
        ("make: A\nmodel: B\nkind: camera\nplugs: []\n", 4, "at least 1"),
        (
            "make: A\nmodel: B\nkind: camera\nplugs:\n  - via: tcp\n    colour: red\n"
                + "    source: from nowhere\n", 6, "a known key"
        ),
        (
            "make: A\nmodel: B\nkind: scanner\nplugs:\n  - via: usb-serial\n"
                + "    usb: {vendor: 05E0}\n    source: from nowhere\n", 6, "string"
        ),
        (
            "make: A\nmodel: B\nkind: scanner\nplugs:\n  - via: usb-serial\n"
                + "    usb: {vendor: \"05E0\"}\n    source: from nowhere\n", 6, "pattern"
        ),
        ("make: A\nmodel: B\nkind: scanner\nplugs: [{via: tcp}]\n", 4, "source is required"),
        (
            "make: A\nmodel: B\nkind: scanner\nplugs:\n  - via: tcp\n"
                + "    source: \"unchecked: usual\"\n", 6, "pattern"
        ),
        (
            "make: A\nmodel: B\nkind: scanner\nplugs: [{via: tcp, source: from nowhere}]\n"
                + "sends: {aim: \"on\"}\n", 5, "source is required"
        ),
        (
            "make: A\nmodel: B\nkind: printer\nplugs: [{via: tcp, source: from nowhere}]\n"
                + "printer: {language: zpl, source: \"the width is Unchecked\"}\n", 5, "pattern"
        ),
        (
            "make: 5\nmodel: B\nkind: scanner\nplugs: [{via: tcp, source: from nowhere}]\n", 1,
            "string"
        ),
    ])
    func `a profile that breaks the schema is refused`(
        _ text: String,
        _ line: Int,
        _ rule: String
    ) throws {
        try Carried.withFolder { folder in
            for schema in ["device.schema.json", "terminal.schema.json"] {
                try FileManager.default.copyItem(
                    atPath: Carried.devices + "/" + schema,
                    toPath: folder + "/" + schema
                )
            }
            try text.write(toFile: folder + "/odd.yaml", atomically: true, encoding: .utf8)
            let library = try ProfileLibrary(folders: [folder])
            let refusal = #expect(throws: ProfileRefusal.self) { try library.profile("odd") }
            guard case .broken(let file, let at, _, let broken) = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            #expect(file == "odd.yaml")
            #expect(at == line)
            #expect(broken.contains(rule), "\(broken)")
        }
    }

    @Test func `a schema with a rule that is not known here is refused`() {
        let text = #"{"type": "object", "properties": {"a": {"multipleOf": 3}}}"#
        #expect(throws: ProfileRefusal.self) { try ProfileSchema(text: text, file: "odd.json") }
    }

    @Test func `a plant's folder goes before the carried one`() throws {
        try Carried.withFolder { folder in
            let text = """
                make: Plant
                model: own wedge
                kind: scanner
                plugs: [{via: usb-keyboard, source: "the plant's own words"}]
                sends: {suffix: "\\t", source: "the plant's own words"}
                """
            try text.write(
                toFile: folder + "/generic-wedge.yaml",
                atomically: true,
                encoding: .utf8
            )
            let library = try ProfileLibrary(folders: [folder, Carried.devices])
            #expect(try library.profile("generic-wedge").make == "Plant")
            #expect(try library.profile("newland-hr32").make == "Newland")
        }
    }

    @Test func `a terminal's profile changes what its device's profile says, and nothing else`()
        throws
    {
        let terminal = try Carried.terminal(
            """
            devices:
              - name: dock
                profile: generic-wedge
                port: evdev:/dev/input/by-id/usb-scanner-event-kbd
                onStartupError: disable
                sends: {suffix: "\\t", aim: "on"}
              - name: bench
                profile: generic-serial
                port: serial:/dev/ttyS0
                serial: {baud: 115200, parity: even}
            """
        )
        let dock = terminal.devices[0]
        #expect(dock.format.suffix == "\t")
        #expect(dock.format.aim == .on)
        #expect(dock.format.gsTexts == ["^]"])
        #expect(dock.onStartupError == .disable)
        let bench = terminal.devices[1]
        #expect(bench.serial.baud == 115_200)
        #expect(bench.serial.parity == .even)
        #expect(bench.serial.bits == 8)
        #expect(bench.onStartupError == .retry)
    }

    @Test(arguments: [
        ("name: a\n    profile: nothing-such\n    port: page", "devices.missing_profile"),
        ("name: a\n    profile: ../../etc/passwd\n    port: page", "devices.missing_profile"),
        ("name: a\n    profile: generic-wedge\n    port: usb", "devices.bad_port"),
        ("name: a\n    profile: generic-serial\n    port: serial:ttyS0", "devices.bad_port"),
        ("name: a\n    profile: generic-serial\n    port: tcp:host", "devices.bad_port"),
        ("name: a\n    profile: generic-serial\n    port: tcp:host:70000", "devices.bad_port"),
        ("name: a\n    profile: uvc-camera\n    port: serial:/dev/ttyS0", "devices.wrong_port"),
        (
            "name: a\n    profile: zebra-zd421\n    port: evdev:/dev/input/event1",
            "devices.wrong_port"
        ),
        ("name: a b\n    profile: generic-wedge\n    port: page", "devices.broken_profile"),
        ("name: a\n    profile: generic-wedge", "devices.broken_profile"),
        (
            "name: a\n    profile: generic-serial\n    port: serial:/dev/ttyS0\n"
                + "    serial: {baud: 12345}", "devices.broken_profile"
        ),
        (
            "name: a\n    profile: generic-wedge\n    port: page\n"
                + "  - name: a\n    profile: generic-wedge\n    port: page", "devices.same_name"
        ),
    ])
    func `a terminal's profile with a fault is refused`(_ entry: String, _ code: String) {
        let refusal = #expect(throws: ProfileRefusal.self) {
            try Carried.terminal("devices:\n  - \(entry)\n")
        }
        #expect(refusal?.code.text == code)
    }

    @Test(arguments: ["", "devices: [", "\u{0}\u{1}", "- just\n- a list\n", "devices:\n\t- x"])
    func `what is no terminal's profile is refused`(_ text: String) {
        #expect(throws: ProfileRefusal.self) { try Carried.terminal(text) }
    }
}
