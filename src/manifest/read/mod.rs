//! Reading what `kubectl`, charts and people write: YAML, JSON, lists, streams, folders, archives, standard input.
//!
//! Promise: bad input never panics, never takes the good part of the input with it, and is never ignored in silence. Memory
//! follows what is kept, not the size of the files. What is secret (Secrets, environment, copies in annotations) is not kept,
//! and no message quotes it. The outcome does not depend on the number of threads.
//!
//! The way of a file: `sources` finds it, `decode` makes it UTF-8, `json_split` or `yaml_split` cuts it into pieces,
//! `understand` makes objects of them, `finish` leaves out what must not be kept, and `collect` gathers them in order.
//!
//! This is the only place in the crate, below `cli`, that opens files, and the only home of the YAML and JSON parsers.
//!
//! A namespaced object without a namespace is read as one in `default`, as `kubectl apply` would create it.
//! A key that occurs twice in a mapping makes the document a problem, as it does for `kubectl apply`.

mod apply;
mod checks;
mod collect;
mod compact;
pub(crate) mod decode;
mod field;
mod finish;
mod foreign;
mod gaps;
mod json_split;
mod kinds;
mod lines;
mod other;
mod owners;
mod piece;
mod places;
mod problem;
mod recover;
mod scalar;
mod settle;
mod skipped;
mod sources;
pub(crate) mod tree;
mod typed;
mod understand;
mod yaml_split;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use apply::Written;
pub use places::{Excerpt, Places};
pub use problem::{Problem, Severity};
pub use skipped::{Skipped, SkippedKind};

use super::location::{Location, Origin, Position};
use super::objects::Objects;
use super::scheduler_configuration::KubeSchedulerConfiguration;

/// The one `kubectl` line that writes everything that placing needs.
pub const KUBECTL_GET: &str = "kubectl get nodes,namespaces,pods,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,\
replicationcontrollers,services,persistentvolumeclaims,persistentvolumes,storageclasses,csinodes,csidrivers,csistoragecapacities,\
volumeattachments,poddisruptionbudgets,priorityclasses,runtimeclasses,resourcequotas,limitranges,horizontalpodautoscalers,\
ingresses \
-A -o json > dump.json";

/// All that an input holds, and all that is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The objects.
    pub objects: Objects,
    /// The files, in the order in which they were read.
    pub files: Vec<SourceFile>,
    /// What is wrong, in the order of the files and lines.
    pub problems: Vec<Problem>,
    /// What was not loaded, because it is not modelled.
    pub skipped: Skipped,
    /// Which of the objects were written, and are not those of a cluster.
    pub written: Written,
    /// The cluster's own versions of objects that were written over them.
    pub replaced: Objects,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As it was named; `<stdin>` for standard input.
    pub name: Arc<str>,
    /// Where each object in it begins.
    positions: Vec<Position>,
    /// Its text, where it cannot be read again and was to be kept.
    text: Option<Arc<[u8]>>,
}

/// Told how far reading has come.
pub trait Progress: Sync {
    /// So many bytes of so many have been read; standard input counts for none of the total.
    fn advance(&self, read: u64, total: u64);
}

/// How to read.
#[derive(Default, Clone, Copy)]
pub struct Options<'a> {
    /// Who wants to know how far it is.
    pub progress: Option<&'a dyn Progress>,
    /// Whether what comes from standard input is kept, so that [`Places`] can quote it.
    pub keep_standard_input: bool,
}

/// Reads files, folders (with all below them), globs, and `-` for standard input.
pub fn read(paths: &[PathBuf], options: Options<'_>) -> Input {
    collect::read(paths, options)
}

/// Reads a stream, under a name to be shown in problems.
pub fn read_stream(name: &str, stream: impl std::io::Read + Send, options: Options<'_>) -> Input {
    collect::read_stream(name, stream, options)
}

/// Reads a text, under a name to be shown in problems.
pub fn read_str(name: &str, text: &str) -> Input {
    collect::read_bytes(name, text.as_bytes())
}

/// Reads texts, each under a name to be shown in problems, as if they were files of one input.
pub fn read_texts(texts: &[(&str, &str)]) -> Input {
    collect::read_texts(texts)
}

/// Reads bytes as if they were a file: packed or not, in any encoding.
pub fn read_bytes(name: &str, bytes: &[u8]) -> Input {
    collect::read_bytes(name, bytes)
}

/// Reads the one scheduler configuration in a file.
pub fn read_scheduler_configuration(path: &Path) -> Result<KubeSchedulerConfiguration, Problem> {
    let mut input = read(&[path.to_owned()], Options::default());
    let location = Location::new(&path.display().to_string().into(), Position::default());
    if let Some(at) = input.problems.iter().position(|problem| problem.severity == Severity::Error) {
        return Err(input.problems.swap_remove(at));
    }
    match input.objects.scheduler_configurations.len() {
        1 => Ok(input.objects.scheduler_configurations.swap_remove(0)),
        0 => Err(Problem::new(Severity::Error, location, "no KubeSchedulerConfiguration in this file")
            .hint("pass a file with `kind: KubeSchedulerConfiguration` and `apiVersion: kubescheduler.config.k8s.io/v1`")),
        many => Err(Problem::new(Severity::Error, location, format!("{many} KubeSchedulerConfigurations in this file"))
            .hint("leave one of them; its profiles can hold several schedulers")),
    }
}

impl SourceFile {
    fn locate(&self, document: u32) -> Location {
        Location::new(&self.name, self.positions.get(document as usize).copied().unwrap_or_default())
    }
}

impl Input {
    /// Where an object was written.
    pub fn locate(&self, origin: Origin) -> Location {
        self.files.get(origin.file as usize).map(|file| file.locate(origin.document)).unwrap_or_default()
    }

    /// How many objects were read, of all files together.
    pub fn objects_read(&self) -> usize {
        self.files.iter().map(|file| file.positions.len()).sum()
    }

    /// The cluster as it was before anything was applied; nothing if the input is all of one sort, so that there is no before.
    pub fn before(&self) -> Option<Objects> {
        apply::before(self)
    }

    /// How many objects are applied over a cluster: new ones, and ones that it has.
    pub fn applied(&self) -> (usize, usize) {
        apply::count(self)
    }

    /// What is missing from the input and makes answers weaker: each once, with what it weakens.
    pub fn weaknesses(&self) -> Vec<Problem> {
        gaps::weaknesses(self)
    }

    /// Whether the objects were dumped from a running cluster, rather than written to be applied to one.
    pub fn is_dump(&self) -> bool {
        gaps::is_dump(&self.objects)
    }

    /// Whether something could not be loaded.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}
