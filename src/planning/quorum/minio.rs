//! MinIO: which drives make an erasure set, and how many pods may be missing until one of them cannot be written.
//!
//! A pool of servers with so many drives each is cut into erasure sets of equal size: the largest from 2 to 16 that divides the number of
//! drives and is symmetric to the servers. Of each set, parity drives may be missing: EC:1 for 2 and 3 drives, EC:2 for 4 and 5, EC:3 for
//! 6 and 7, EC:4 from 8, if nothing else was set. A write needs all data drives, and one more if there are as many parity drives. A set's
//! drives are spread evenly over the servers, so that a lost pod takes `size / servers` drives of a set, rounded up, and at least one.
//!
//! Drives are the volumes that each pod has for itself, unless the annotation [`MINIO_ANNOTATION`] repeats the arguments of the server, one
//! pool a word, and the storage class: `http://minio-{0...3}.minio/data{1...2} EC:2`. One pod alone is a single server.
//!
//! Source: minio/minio cmd/endpoint-ellipses.go getSetIndexes, internal/config/storageclass/storage-class.go DefaultParityBlocks,
//! cmd/erasure-object.go (writeQuorum); <https://docs.min.io/community/minio-object-store/operations/concepts/erasure-coding.html>.

use super::applications::Need;
use super::workload::Workload;
use crate::manifest::location::Note;

/// Annotation that says how MinIO's drives are laid out.
pub const MINIO_ANNOTATION: &str = "plimsoll.dev/minio";

/// Who says so.
pub(super) const SOURCE: &str = "https://docs.min.io/community/minio-object-store/operations/concepts/erasure-coding.html";

/// The sizes that an erasure set can have.
const SET_SIZES: std::ops::RangeInclusive<usize> = 2..=16;

/// How the drives of a MinIO are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drives {
    /// Pools: servers, and drives of each.
    pub pools: Vec<(usize, usize)>,
    /// Parity drives of a set, if it was set.
    pub parity: Option<usize>,
}

/// An erasure set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ErasureSet {
    drives: usize,
    parity: usize,
    /// Drives of it that a pod has at most.
    of_a_pod: usize,
}

impl ErasureSet {
    /// The sets of a pool; none if there is no size that fits.
    fn of((servers, drives): (usize, usize), parity: Option<usize>) -> Option<Self> {
        let all = servers.checked_mul(drives)?;
        let is_symmetric = |size: usize| if servers > size { servers.is_multiple_of(size) } else { size.is_multiple_of(servers) };
        let size = SET_SIZES.rev().find(|&size| all >= size && all.is_multiple_of(size) && is_symmetric(size))?;
        let parity = parity.filter(|&parity| parity <= size / 2).unwrap_or(default_parity(size));
        Some(ErasureSet { drives: size, parity, of_a_pod: size.div_ceil(servers) })
    }

    /// Drives that a write needs.
    fn write_quorum(self) -> usize {
        let data = self.drives - self.parity;
        data + usize::from(data == self.parity)
    }

    /// Pods that may be missing, whichever they are.
    fn spare_pods(self) -> usize {
        (self.drives - self.write_quorum()) / self.of_a_pod
    }
}

/// Parity drives of a set of so many, if nothing else was set.
fn default_parity(drives: usize) -> usize {
    match drives {
        0 | 1 => 0,
        2 | 3 => 1,
        4 | 5 => 2,
        6 | 7 => 3,
        _ => 4,
    }
}

impl Drives {
    /// Reads endpoints with ellipses, one pool a word, and a storage class such as `EC:2`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut drives = Drives { pools: Vec::new(), parity: None };
        for word in text.split_whitespace() {
            match word.strip_prefix("EC:") {
                Some(parity) => {
                    let parity = parity.parse().map_err(|_| format!("{word:?} is no storage class such as EC:2"))?;
                    drives.parity = Some(parity);
                }
                None => drives.pools.push(pool(word)?),
            }
        }
        Ok(drives)
    }
}

/// The servers and drives of an endpoint: `http://minio-{0...3}/data{1...2}` has 4 servers with 2 drives each. A path alone is one server.
fn pool(endpoint: &str) -> Result<(usize, usize), String> {
    let (host, path) = match endpoint.split_once("://") {
        Some((_, rest)) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", endpoint),
    };
    let (servers, drives) = (expansions(host)?, expansions(path)?);
    match servers.checked_mul(drives) {
        Some(1..=65_536) => Ok((servers, drives)),
        _ => Err(format!("{endpoint:?} has too many drives")),
    }
}

/// How many names a text with ellipses stands for.
fn expansions(text: &str) -> Result<usize, String> {
    let mut product: usize = 1;
    for part in text.split('{').skip(1) {
        let problem = || format!("{{{part:?} is no range such as {{0...3}}");
        let (range, _) = part.split_once('}').ok_or_else(problem)?;
        let (first, last) = range.split_once("...").ok_or_else(problem)?;
        let (first, last) = number(first).zip(number(last)).filter(|(first, last)| first <= last).ok_or_else(problem)?;
        product = product.saturating_mul((last - first).saturating_add(1));
    }
    Ok(product)
}

/// A number of a range: decimal, or else hexadecimal.
fn number(text: &str) -> Option<usize> {
    text.parse().ok().or_else(|| usize::from_str_radix(text, 16).ok())
}

/// How many pods a MinIO needs to be written to.
pub(super) fn need(workload: &Workload<'_>, notes: &mut Vec<Note>) -> Need {
    let drives = drives(workload, notes);
    if workload.replicas < 2 {
        return Need { pods: workload.replicas, why: "a single server".to_owned() };
    }
    let sets: Vec<ErasureSet> = drives.pools.iter().filter_map(|&pool| ErasureSet::of(pool, drives.parity)).collect();
    if sets.len() < drives.pools.len() || sets.is_empty() {
        let message =
            format!("{}: its drives cannot be laid out in erasure sets: MinIO would not start; all pods are taken as needed", workload.key);
        notes.push(Note::at(workload.origin, message));
        return Need { pods: workload.replicas, why: "no erasure sets are possible".to_owned() };
    }
    if let Some((parity, set)) = drives.parity.zip(sets.iter().find(|set| drives.parity != Some(set.parity))) {
        let message =
            format!("{}: EC:{parity} is more than half of a set of {} drives; EC:{} counts", workload.key, set.drives, set.parity);
        notes.push(Note::at(workload.origin, message));
    }
    let mut tightest = sets[0];
    sets.iter().for_each(|&set| tightest = if set.spare_pods() < tightest.spare_pods() { set } else { tightest });
    let ErasureSet { drives, parity, of_a_pod } = tightest;
    let quorum = tightest.write_quorum();
    let why = format!("write quorum of an erasure set of {drives} drives (EC:{parity}: {quorum} drives, {of_a_pod} of them a pod)");
    Need { pods: workload.replicas.saturating_sub(tightest.spare_pods()).max(1), why }
}

fn drives(workload: &Workload<'_>, notes: &mut Vec<Note>) -> Drives {
    let usual = Drives { pools: vec![(workload.replicas, workload.claims.max(1))], parity: None };
    let Some(text) = workload.annotation(MINIO_ANNOTATION) else { return usual };
    match Drives::parse(text) {
        Ok(drives) if drives.pools.is_empty() => Drives { parity: drives.parity, ..usual },
        Ok(drives) => drives,
        Err(problem) => {
            let message = format!("{}: annotation {MINIO_ANNOTATION}: {problem}; it does not count", workload.key);
            notes.push(Note::at(workload.origin, message));
            usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Size of the sets, parity, write quorum, pods that may be missing.
    fn of(servers: usize, drives: usize, parity: Option<usize>) -> [usize; 4] {
        let set = ErasureSet::of((servers, drives), parity).expect("there is a set");
        [set.drives, set.parity, set.write_quorum(), set.spare_pods()]
    }

    #[test]
    fn sets_are_as_minio_makes_them() {
        assert_eq!(of(4, 1, None), [4, 2, 3, 1]);
        assert_eq!(of(5, 1, None), [5, 2, 3, 2]);
        assert_eq!(of(6, 1, None), [6, 3, 4, 2]);
        assert_eq!(of(8, 1, None), [8, 4, 5, 3]);
        assert_eq!(of(16, 1, None), [16, 4, 12, 4]);
        assert_eq!(of(4, 4, None), [16, 4, 12, 1]);
        // 24 drives in sets of 12, two of a set on a server
        assert_eq!(of(6, 4, None), [12, 4, 8, 2]);
        assert_eq!(of(32, 1, None), [16, 4, 12, 4]);
        assert_eq!(of(2, 1, None), [2, 1, 2, 0]);
    }

    #[test]
    fn parity_can_be_set() {
        assert_eq!(of(8, 1, Some(2)), [8, 2, 6, 2]);
        assert_eq!(of(4, 1, Some(0)), [4, 0, 4, 0]);
        assert_eq!(of(4, 1, Some(3)), of(4, 1, None));
    }

    #[test]
    fn what_has_no_set_has_none() {
        assert_eq!(ErasureSet::of((17, 1), None), None);
        assert_eq!(ErasureSet::of((1, 1), None), None);
        assert_eq!(ErasureSet::of((usize::MAX, 2), None), None);
    }

    #[test]
    fn endpoints_are_read() {
        let drives = |text: &str| Drives::parse(text).map(|drives| (drives.pools, drives.parity));
        assert_eq!(drives("http://minio-{0...3}.minio:9000/data{1...2} EC:2"), Ok((vec![(4, 2)], Some(2))));
        assert_eq!(drives("http://a{0...3}/x https://b-{01...16}/y{1...4}"), Ok((vec![(4, 1), (16, 4)], None)));
        assert_eq!(drives("/data{1...4}"), Ok((vec![(1, 4)], None)));
        for wrong in ["http://m-{0..3}/d", "http://m-{3...0}/d", "/d{1...", "EC:x", "/d{0...99999999}", "/d{0...ffffffffffffffff}"] {
            assert!(Drives::parse(wrong).is_err(), "{wrong}");
        }
    }
}
