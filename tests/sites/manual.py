"""The manual of a pump that does not exist: twelve pages, written once, for every generator.

A block is a tuple: its kind, then its text. In a text `code` is code and `[words](page#Heading)` is a link.
"""

# ruff: noqa: E501
from __future__ import annotations

from typing import Any

Page = tuple[str, str, tuple[tuple[Any, ...], ...]]

PAGES: tuple[Page, ...] = (
    (
        "index",
        "Brunnen handbook",
        (
            (
                "p",
                "Brunnen is a small controller for the water pumps of a village. It starts and stops pumps by the level of a tank and tells somebody when water is missing.",
            ),
            (
                "p",
                "New here? Begin with [the installation](install#Requirements), then follow [the first hour](quickstart).",
            ),
            ("h2", "What it does"),
            (
                "list",
                "Reads float switches and pressure sensors",
                "Runs up to eight pumps in turn",
                "Keeps a diary of every start",
            ),
            ("h2", "What it does not"),
            (
                "p",
                "Brunnen does not measure how clean the water is, and it never opens a valve that a person has closed by hand.",
            ),
        ),
    ),
    (
        "install",
        "Installation",
        (
            ("p", "The controller runs on any board with two free serial ports."),
            ("h2", "Requirements"),
            (
                "list",
                "A board with 64 MB of memory",
                "A supply of 12 volts",
                "One earthed relay for each pump",
            ),
            ("h2", "Install the package"),
            (
                "tabs",
                ("Linux", "On Linux the package is unpacked below `/opt/brunnen`."),
                ("macOS", "On macOS the package is dragged into the folder of programs."),
                ("Windows", "On Windows the wizard asks for the number of the serial port."),
            ),
            ("code", "bash", "brunnen setup --port 3\nbrunnen check --all"),
            (
                "note",
                "warning",
                "Switch the mains off before the relay is wired. The terminals carry the full voltage.",
            ),
            ("h2", "Remove it again"),
            (
                "p",
                "Stop every pump first, then delete the folder. The diary stays in `/var/brunnen` until it is deleted, too.",
            ),
        ),
    ),
    (
        "quickstart",
        "The first hour",
        (
            ("p", "An hour is enough to see the first litre flow."),
            ("h2", "Name the tank"),
            (
                "p",
                "Each tank has a short name and a volume in litres. The name is shown on the display, see [the settings](configuration#Tanks).",
            ),
            ("code", "toml", "[tank.north]\nvolume = 4000\nempty = 300"),
            ("h2", "Start a pump by hand"),
            ("p", "Hold the green button for three seconds. The lamp blinks while the motor spins up."),
            ("img", "The front panel with its green button", "panel.png"),
            ("h2", "Watch the level"),
            ("p", "The bar on the display rises by one segment for every tenth of the volume."),
        ),
    ),
    (
        "configuration",
        "Settings",
        (
            ("p", "All settings stand in one file, which is read anew within a minute after it was saved."),
            ("h2", "Tanks"),
            (
                "table",
                ("Name", "Kind", "Meaning"),
                ("volume", "integer", "how many litres the tank holds"),
                ("empty", "integer", "below this level the pumps start"),
                ("full", "integer", "above this level they stop"),
                ("sensor", "text", "the address of the pressure sensor"),
            ),
            ("h2", "Pumps"),
            (
                "table",
                ("Name", "Kind", "Meaning"),
                ("relay", "integer", "the number of the relay"),
                ("rest", "minutes", "how long a motor cools down between two runs"),
                ("turn", "yes or no", "whether the pump takes its turn with others"),
            ),
            ("h3", "Order of the pumps"),
            (
                "p",
                "The pump that has rested longest goes first. A pump with `turn = no` is kept as a reserve.",
            ),
            ("h2", "Quiet hours"),
            (
                "p",
                "Between ten at night and six in the morning only the smallest pump runs, unless the tank is nearly dry.",
            ),
            ("note", "tip", "Neighbours sleep better when the reserve pump has rubber feet."),
        ),
    ),
    (
        "commands",
        "Commands",
        (
            ("p", "Every command prints one line and ends with zero when it worked."),
            ("h2", "Everyday"),
            (
                "dl",
                ("brunnen status", "Shows the level of each tank and which motor is running."),
                ("brunnen pause", "Stops all motors for ten minutes, for a look at the filter."),
                ("brunnen diary", "Prints the starts and stops of the last week."),
            ),
            ("h2", "For the fitter"),
            (
                "dl",
                ("brunnen check", "Measures every sensor once and compares it with the last calibration."),
                ("brunnen calibrate", "Takes the present pressure as the zero of a sensor."),
            ),
        ),
    ),
    (
        "alerts",
        "Alerts",
        (
            ("p", "An alert is a short message to one telephone or many."),
            ("h2", "Who is told"),
            (
                "p",
                "The caretaker is told first. After a quarter of an hour without an answer the deputy is told.",
            ),
            ("note", "note", "A number without its country code is refused."),
            ("h2", "Dry run"),
            (
                "p",
                "A motor that runs without water is stopped after forty seconds, and the alert says *dry run*.",
            ),
            ("note", "danger", "Never silence the dry run alert: a seal burns within minutes."),
            ("h2", "Leak"),
            (
                "p",
                "When the level falls while no tap is open, the controller suspects a leak and closes the main valve.",
            ),
        ),
    ),
    (
        "maintenance",
        "Maintenance",
        (
            ("p", "A pump that is looked after lasts for twenty years."),
            ("h2", "Each month"),
            (
                "list",
                "Rinse the strainer with clear water",
                "Listen for a grinding bearing",
                "Wipe the eye of the level sensor",
            ),
            ("h2", "Each year"),
            (
                "p",
                "Grease the bearing with two grams of lithium grease and replace the seal if it has hardened.",
            ),
            ("h2", "Before the frost"),
            ("p", "Drain the outer pipe at the lowest cock and leave the cock open until spring."),
        ),
    ),
    (
        "troubleshooting",
        "Troubleshooting",
        (
            ("p", "Look here first. Most troubles are a wet plug or a full strainer."),
            ("h2", "The motor hums and does not turn"),
            ("p", "The start capacitor is worn out. Replace it by one of 25 microfarads."),
            ("h2", "The display stays dark"),
            ("p", "The fuse behind the flap has blown, or the ribbon cable has slipped out of its socket."),
            ("h2", "The level jumps"),
            ("p", "Air in the pipe of the sensor. Open the bleed screw until water comes without bubbles."),
            ("code", "text", "12:01 level 40 %\n12:02 level 91 %\n12:03 level 38 %"),
        ),
    ),
    (
        "network",
        "Network",
        (
            ("p", "The controller works without a network. With one it can be read from afar."),
            ("h2", "Radio link"),
            (
                "p",
                "Two controllers up to a kilometre apart share their levels over a radio of 868 megahertz.",
            ),
            ("h2", "Read from a script"),
            (
                "code",
                "python",
                'import brunnen\n\nfor tank in brunnen.connect("pump-house").tanks():\n    print(tank.name, tank.level)',
            ),
            ("p", "The port is 7410. It answers to the local network alone."),
        ),
    ),
    (
        "glossary",
        "Glossary",
        (
            ("p", "Words that fitters use."),
            (
                "dl",
                ("Cavitation", "Bubbles of vapour that collapse at the wheel and eat the metal."),
                (
                    "Foot valve",
                    "A valve at the lower end of the suction pipe, which keeps the water from running back.",
                ),
                ("Head", "The height to which a pump can lift water, in metres."),
            ),
        ),
    ),
    (
        "faq",
        "Questions and answers",
        (
            ("h2", "May the pump run on solar power?"),
            ("p", "Yes, with a buffer battery of at least forty ampere hours."),
            ("h2", "How loud is it?"),
            ("p", "As loud as a refrigerator: 42 decibels at a distance of one metre."),
            ("h2", "Can children reach the well?"),
            ("p", "The lid is locked with a triangular key, which the caretaker keeps."),
        ),
    ),
    (
        "changes",
        "Changes",
        (
            ("h2", "Release 3.2.0"),
            ("p", "The radio link came, and the diary is kept for two years."),
            ("h3", "Fixes"),
            ("p", "The clock no longer loses an hour in spring."),
            ("h2", "Release 3.1.4"),
            ("p", "Überlauf, the overflow guard, can be tested by a button."),
            ("h3", "Fixes"),
            ("p", "The buzzer is silent when the lid is shut."),
        ),
    ),
)

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("start capacitor worn out motor hums", "troubleshooting"),
    ("how long does a motor cool down between two runs", "configuration"),
    ("drain the outer pipe before the frost", "maintenance"),
    ("who is told when nobody answers the alert", "alerts"),
    ("radio 868 megahertz kilometre", "network"),
    ("hold the green button three seconds", "quickstart"),
    ("stop all motors for a look at the filter", "commands"),
    ("bubbles of vapour that eat the metal", "glossary"),
    ("buffer battery solar power", "faq"),
    ("the clock loses an hour in spring", "changes"),
)
"""What a reader would ask, and the page that answers."""
