//! Shelf: the rules, one finding a file.
//!
//! A new rule: a file whose module documentation is its manual (a first sentence that says what it finds; then why it matters, `# Example`,
//! `# Instead`, `# Source`) with a `find`, a row in the table below, and `fixtures/check/NAME/` with `fires.yaml` and its twin `quiet.yaml`.
//! Everything else (help, README, SARIF's list of rules, the test of all fixtures) walks the table.
//!
//! A rule never guesses: it finds what will happen to this input, or says nothing. The first digit of its code is its group; codes are never
//! given twice.

use super::rule::{Group, Rule};
use crate::manifest::read::Severity;

/// Makes the table: a row a rule, by group.
macro_rules! rules {
    ($( $group:ident { $( $code:literal $name:literal $severity:ident => $module:ident, )* } )*) => {
        $( $( mod $module; )* )*

        /// All rules, by code.
        pub const RULES: &[Rule] = &[ $( $( Rule {
            code: $code,
            name: $name,
            group: Group::$group,
            severity: Severity::$severity,
            source: include_str!(concat!(stringify!($module), ".rs")),
            find: $module::find,
        }, )* )* ];
    };
}

rules! {
    DoesNotRun {
        "PL101" "unknown-priority-class" Error => unknown_priority_class,
    }
    DoesNotSurvive {
        "PL201" "single-replica" Warning => single_replica,
    }
    DoesNotScale {
    }
    Wastes {
    }
    Operations {
        "PL501" "unexplained-allow" Warning => unexplained_allow,
    }
}

/// The rule of this code or name.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.is_called(name))
}
