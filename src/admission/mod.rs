//! Layer 2: what the API server makes of what was written.
//!
//! [`admit`] fills in what a server would fill in when the pods are created: requests from limits, priorities, overhead, label
//! keys merged into selectors. Run it after the controllers, whose pods pass through the server like any other. Every step
//! leaves alone what has been through it, so pods of a dump come out as they went in.
//!
//! This is the plain way: nothing is refused. What a server would refuse is remarked on and goes on as if that part had not
//! been written. LimitRange takes its place between `defaulting` and `priority` in the table, DefaultTolerationSeconds
//! after `priority`, and ResourceQuota at the end, when they come.
//!
//! To add a step: a file with an `admit` function, a row in [`STEPS`] where the server has it, a test in the file.
//!
//! Source: k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go AllOrderedPlugins, pkg/apis/core/v1/defaults.go, v1.36.

mod admitted;
mod api_server;
mod default_storage_class;
mod defaulting;
pub mod eviction;
mod match_label_keys;
mod priority;
mod runtime_class;

pub use admitted::Admitted;
pub use api_server::{ApiServer, Counted};

use rustc_hash::FxHashMap;

use crate::manifest::Objects;
use crate::manifest::location::{Note, Origin};

/// A step of admission: looks at all objects, and changes those it has something to add to.
pub struct Step {
    /// Name, as the API server spells it where it has one.
    pub name: &'static str,
    admit: fn(&mut Objects, &mut Vec<Note>),
}

/// The steps, in the server's order.
pub const STEPS: &[Step] = &[
    Step { name: "Defaulting", admit: defaulting::admit },
    Step { name: "Priority", admit: priority::admit },
    Step { name: "DefaultStorageClass", admit: default_storage_class::admit },
    Step { name: "RuntimeClass", admit: runtime_class::admit },
    // not a plugin: the pod strategy does it, after all that may change labels
    Step { name: "MatchLabelKeys", admit: match_label_keys::admit },
];

/// Fills in what the API server would. A second call changes nothing.
pub fn admit(objects: &mut Objects) -> Vec<Note> {
    let mut notes = Vec::new();
    for step in STEPS {
        (step.admit)(objects, &mut notes);
    }
    notes
}

/// Names that objects refer to and the input lacks: how many refer to each, and where the first stands.
#[derive(Default)]
struct Missing {
    names: Vec<(String, usize, Origin)>,
    positions: FxHashMap<String, usize>,
}

impl Missing {
    fn count(&mut self, name: &str, origin: Origin) {
        if let Some(&position) = self.positions.get(name) {
            self.names[position].1 += 1;
        } else {
            self.positions.insert(name.to_owned(), self.names.len());
            self.names.push((name.to_owned(), 1, origin));
        }
    }

    /// One note a name, in the order in which they were met.
    fn notes(self, message: impl Fn(&str, &str) -> String) -> impl Iterator<Item = Note> {
        self.names.into_iter().map(move |(name, count, origin)| {
            let pods = if count == 1 { "1 pod names".to_owned() } else { format!("{count} pods name") };
            Note::at(origin, message(&name, &pods))
        })
    }
}
