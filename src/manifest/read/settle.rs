//! What can only be said when everything has been read: objects that are there twice, nodes that are not there, remarks that
//! repeat themselves.

use rustc_hash::{FxHashMap, FxHashSet};

use super::apply::Written;
use super::gaps;
use super::kinds::Kind;
use super::problem::{Problem, Severity};
use super::{Input, SourceFile};
use crate::manifest::location::Location;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::objects::Other;

/// Settles an input whose files have all been read.
pub(super) fn settle(input: &mut Input) {
    fold(&mut input.problems);
    input.written = Written::of(input);
    for kind in Kind::ALL {
        replace_others(*kind, input);
    }
    keep_one_of_each(&input.written, &mut input.objects.others);
    input.problems.extend(gaps::missing_nodes(&input.objects));
}

/// The same remark about many pieces of one file is made once, with their number; errors are always made one by one.
fn fold(problems: &mut Vec<Problem>) {
    let mut folded: Vec<(Problem, usize)> = Vec::with_capacity(problems.len());
    for problem in problems.drain(..) {
        match folded.last_mut() {
            Some((last, more))
                if problem.severity != Severity::Error
                    && last.severity == problem.severity
                    && last.message == problem.message
                    && last.location.file == problem.location.file =>
            {
                *more += 1;
            }
            _ => folded.push((problem, 0)),
        }
    }
    problems.extend(folded.into_iter().map(|(mut problem, more)| {
        if more > 0 {
            problem.message.push_str(&format!(" (and {more} more like it in this file)"));
        }
        problem
    }));
}

/// Of two objects with the same kind, namespace and name the later one counts, as with `kubectl apply`; but what was written counts
/// over what is of a cluster, wherever it stands. What remains of the other is what only the server and controllers write.
fn replace_others(kind: Kind, input: &mut Input) {
    let all = kind.metadata(&input.objects);
    let mut latest: FxHashMap<(&str, &str, bool), usize> = FxHashMap::with_capacity_and_hasher(all.len(), Default::default());
    let (mut repeats, mut problems) = (Vec::new(), Vec::new());
    for (place, metadata) in all.iter().enumerate().filter(|(_, metadata)| !metadata.name.is_empty()) {
        let key = (metadata.namespace.as_str(), metadata.name.as_str(), input.written.is_applied(metadata));
        if let Some(earlier) = latest.insert(key, place) {
            repeats.push((earlier, place));
            problems.push(twice(kind, locate(&input.files, all[earlier]), locate(&input.files, metadata), metadata));
        }
    }
    let written = latest.iter().filter(|((_, _, applied), _)| *applied);
    let mut updates: Vec<(usize, usize)> =
        written.filter_map(|(&(namespace, name, _), &new)| Some((*latest.get(&(namespace, name, false))?, new))).collect();
    updates.sort_unstable();
    if repeats.is_empty() && updates.is_empty() {
        return;
    }
    let mut all = kind.metadata_mut(&mut input.objects);
    repeats.iter().for_each(|&(earlier, later)| inherit(&mut all, earlier, later));
    kind.supersede(&mut input.objects, &mut input.replaced, &updates);
    let gone: FxHashSet<usize> = repeats.iter().map(|&(earlier, _)| earlier).chain(updates.iter().map(|&(_, new)| new)).collect();
    kind.remove(&mut input.objects, &gone);
    input.problems.extend(problems);
}

/// Of kinds that are not modelled nothing is known that an update could change: of several objects of one name one stays, and it is
/// the cluster's if there is one.
fn keep_one_of_each(written: &Written, others: &mut Vec<Other>) {
    let mut known: FxHashSet<(String, String, String)> = FxHashSet::default();
    let mut is_first = |other: &Other| {
        let Other { resource, metadata, .. } = other;
        known.insert((resource.clone(), metadata.namespace_or_default().to_owned(), metadata.name.clone()))
    };
    let mut stay: Vec<bool> = others.iter().map(|other| !written.is_applied(&other.metadata) && is_first(other)).collect();
    for (other, stays) in others.iter().zip(&mut stay).filter(|(other, _)| written.is_applied(&other.metadata)) {
        *stays = is_first(other);
    }
    let mut stay = stay.into_iter();
    others.retain(|_| stay.next().unwrap_or_default());
}

fn inherit(all: &mut [&mut ObjectMeta], earlier: usize, later: usize) {
    if all[later].uid.is_empty() {
        all[later].uid = std::mem::take(&mut all[earlier].uid);
        let created = all[earlier].creation_timestamp.take();
        all[later].creation_timestamp = all[later].creation_timestamp.take().or(created);
    }
}

fn locate(files: &[SourceFile], metadata: &ObjectMeta) -> Location {
    files.get(metadata.origin.file as usize).map(|file| file.locate(metadata.origin.document)).unwrap_or_default()
}

fn twice(kind: Kind, earlier: Location, later: Location, metadata: &ObjectMeta) -> Problem {
    let namespace = if kind.is_namespaced() { format!("{}/", metadata.namespace) } else { String::new() };
    let message = format!("{} {namespace}{} is here again: this one counts, the one at {earlier} does not", kind.name(), metadata.name);
    Problem::new(Severity::Warning, later, message).hint("leave one of them out")
}
