//! What assertions ask of the engines: each answer is worked out once, for all that ask for it.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::document::{Assertion, When};
use super::selection::Selection;
use crate::catalogue::matches;
use crate::check::subject::Subject;
use crate::graph::failure_domains::{Domain, Kind, domains};
use crate::planning::failover::Assumptions;
use crate::planning::headroom::{AtMost, at_most};
use crate::planning::interdiction::choose;
use crate::planning::maintenance::{self, Maintenance, Timing, maintain};
use crate::planning::packing::Budget;
use crate::planning::quorum::Standing;
use crate::planning::resilience::{self, Judged, Requirements, is_ready, judge};
use crate::planning::size::{Objective, Question, Sizing, Survive, offers, size};
use crate::scheduler::Scheduler;
use crate::simulation::drain::{Afterwards, Flags};
use crate::simulation::loss::Until;

/// So many sets of domains are lost one after the other.
const MOST_SETS: u128 = 4096;

/// How what has to be bought is searched for.
pub struct Market<'a> {
    /// How much time is left for it. The clock is the caller's.
    pub remaining: &'a (dyn Fn() -> Duration + Sync),
}

/// A loss that was played, and what is lost.
pub struct Lost {
    /// `node a`, or `node a and node b`.
    pub name: String,
    /// What came of it.
    pub judged: Judged,
}

/// Which losses: what, how many at once, and the names that are meant.
type LossKey = (Kind, u8, Vec<String>);

/// Losses that were played, or why they were not.
type Played = Rc<Result<Vec<Lost>, String>>;

/// Asks the engines.
pub struct Inquiry<'s, 'a> {
    /// What is asked about.
    pub subject: &'s Subject<'a>,
    market: &'s Market<'s>,
    losses: RefCell<BTreeMap<LossKey, Played>>,
    at_most: OnceCell<AtMost>,
    drained: OnceCell<Drained>,
    fleets: RefCell<BTreeMap<String, Rc<Result<Fleet, String>>>>,
    standing: OnceCell<Standing>,
}

/// What came of draining everything.
pub struct Drained {
    /// How many waves it takes.
    pub waves: usize,
    /// How long, in seconds.
    pub seconds: u64,
    /// Nodes that are in no wave, and why each.
    pub blocked: Vec<(String, String)>,
}

/// What has to be bought.
pub struct Fleet {
    /// How many nodes, those that stay among them.
    pub nodes: usize,
    /// What those that are bought cost an hour, in millionths; none if prices are not known.
    pub micros_hour: Option<i64>,
    /// What is bought: `3 × general-4`.
    pub bought: Vec<String>,
}

impl<'s, 'a> Inquiry<'s, 'a> {
    /// About a subject.
    pub fn new(subject: &'s Subject<'a>, market: &'s Market<'s>) -> Self {
        Inquiry {
            subject,
            market,
            losses: RefCell::default(),
            at_most: OnceCell::new(),
            drained: OnceCell::new(),
            fleets: RefCell::default(),
            standing: OnceCell::new(),
        }
    }

    /// What an assertion selects; a problem if that is nothing and it may not be.
    pub fn selection<'q>(&self, assertion: &'q Assertion) -> Result<Selection<'q>, String>
    where
        'a: 'q,
    {
        let selection = Selection::new(&assertion.select, self.subject.objects);
        let refused = &self.subject.question.creation.refused;
        let has_any = (0..self.subject.objects.pods.len()).any(|pod| selection.has(pod))
            || refused.iter().filter_map(|refused| refused.pod.as_deref()).any(|pod| selection.holds(pod));
        match has_any || assertion.select.may_be_empty {
            true => Ok(selection),
            false if assertion.select == Default::default() => Err("the input has no pod".to_owned()),
            false => Err(format!("no pod is selected by {}: `mayBeEmpty: true` if that is well", selection.words())),
        }
    }

    /// Fails without nodes: then nothing can be said of places.
    pub fn need_nodes(&self) -> Result<(), String> {
        if self.subject.has_nodes() { Ok(()) } else { Err("the input has no nodes: --cluster DUMP adds those of a cluster".to_owned()) }
    }

    /// How many pods of each workload are ready before anything is lost.
    pub fn standing(&self) -> &Standing {
        let subject = self.subject;
        self.standing.get_or_init(|| Standing::of(subject.quorums(), |pod| is_ready(subject.objects, subject.baseline(), pod)))
    }

    /// What comes of each loss that is meant.
    pub fn losses(&self, when: &When) -> Result<Rc<Result<Vec<Lost>, String>>, String> {
        self.need_nodes()?;
        let kind = Kind::parse(when.lost.as_deref().unwrap_or("node"));
        let key = (kind, when.count.unwrap_or(1), when.only.clone());
        if let Some(known) = self.losses.borrow().get(&key) {
            return Ok(known.clone());
        }
        let played = Rc::new(self.play(&key));
        self.losses.borrow_mut().insert(key, played.clone());
        Ok(played)
    }

    fn play(&self, (kind, count, only): &LossKey) -> Result<Vec<Lost>, String> {
        let subject = self.subject;
        let is_meant = |domain: &Domain| only.is_empty() || only.iter().any(|pattern| matches(pattern, &domain.value));
        // what the rules ask for as well is not played twice
        let known = match (kind, count) {
            (Kind::Node, 1) => Some(subject.node_losses()),
            (Kind::Zone, 1) => subject.zone_losses(),
            _ => None,
        };
        if let Some(known) = known {
            let lost = known.domains.iter().zip(&known.resilience.losses).filter(|(domain, _)| is_meant(domain));
            let lost: Vec<Lost> = lost.map(|(domain, judged)| Lost { name: domain.to_string(), judged: judged.clone() }).collect();
            return if lost.is_empty() { Err(format!("there is no {} {}", kind.name(), only.join(", "))) } else { Ok(lost) };
        }
        let all = domains(&subject.objects.nodes, kind).map_err(|problem| problem.to_string())?;
        let units: Vec<Domain> = all.into_iter().filter(is_meant).collect();
        let count = usize::from(*count);
        if units.len() < count || units.is_empty() {
            return Err(format!("there are {} to lose of {}, and {count} are to be lost at once", units.len(), kind.name()));
        }
        let number = choose(units.len(), count);
        if number > MOST_SETS {
            return Err(format!(
                "there are {number} sets of {count}, too many to play each: `plimsoll lose --k {count}` proves them together"
            ));
        }
        Ok(self.play_sets(&units, &combinations(units.len(), count)))
    }

    fn play_sets(&self, units: &[Domain], sets: &[Vec<usize>]) -> Vec<Lost> {
        let (subject, baseline) = (self.subject, self.subject.baseline());
        let nodes = |set: &Vec<usize>| baseline.nodes(set.iter().flat_map(|&unit| &units[unit].nodes).map(String::as_str));
        let losses: Vec<_> = sets.iter().map(nodes).collect();
        let question = resilience::Question {
            objects: subject.objects,
            baseline,
            quorums: subject.quorums(),
            losses: &losses,
            until: Until::Removed,
            requirements: Requirements::default(),
            assumptions: &Assumptions::default(),
            max_failover: None,
        };
        let name = |set: &Vec<usize>| set.iter().map(|&unit| units[unit].to_string()).collect::<Vec<_>>().join(" and ");
        let judged = judge(&question, || ()).losses;
        sets.iter().zip(judged).map(|(set, judged)| Lost { name: name(set), judged }).collect()
    }

    /// Everything with autoscalers at their most.
    pub fn at_most(&self) -> &AtMost {
        let question = &self.subject.question;
        self.at_most.get_or_init(|| at_most(self.subject.objects, question.configuration, question.options))
    }

    /// What comes of draining all nodes, with every flag of `kubectl drain`.
    pub fn drained(&self) -> &Drained {
        self.drained.get_or_init(|| {
            let question = &self.subject.question;
            let place = |scheduler: &mut Scheduler<'_>| scheduler.run(|_, _| ());
            let asked = maintenance::Question {
                objects: self.subject.objects,
                configuration: question.configuration,
                options: question.options,
                nodes: &[],
                flags: Flags { ignore_daemonsets: true, delete_emptydir_data: true, force: true },
                parallel: None,
                surge: 0,
                surge_like: None,
                afterwards: Afterwards::Back,
                timing: Timing::default(),
                place: &place,
            };
            Drained::new(&maintain(&asked))
        })
    }

    /// What has to be bought so that everything runs, in this state too.
    pub fn fleet(&self, when: &When) -> Rc<Result<Fleet, String>> {
        let survive = match (&when.lost, when.count.unwrap_or(1)) {
            (None, _) => Ok(Survive::Nothing),
            (Some(kind), count) if Kind::parse(kind) == Kind::Node => Ok(Survive::Nodes(usize::from(count))),
            (Some(kind), count) if Kind::parse(kind) == Kind::Zone => Ok(Survive::Zones(usize::from(count))),
            (Some(kind), _) => Err(format!("what has to be bought can survive the loss of nodes or zones, not of {kind}")),
        };
        let key = format!("{survive:?}");
        if let Some(known) = self.fleets.borrow().get(&key) {
            return known.clone();
        }
        let fleet = Rc::new(survive.and_then(|survive| self.buy(survive)));
        self.fleets.borrow_mut().insert(key, fleet.clone());
        fleet
    }

    fn buy(&self, survive: Survive) -> Result<Fleet, String> {
        let (subject, question) = (self.subject, &self.subject.question);
        let catalogue = question.catalogue.ok_or("nothing is known of what can be bought: --catalogue FILE says it")?;
        let zone = |node: &crate::manifest::node::Node| node.metadata.labels.get("topology.kubernetes.io/zone").cloned();
        let named: Vec<String> = catalogue.zones().into_iter().map(str::to_owned).collect();
        let own: std::collections::BTreeSet<String> = subject.objects.nodes.iter().filter_map(zone).collect();
        let zones = if named.is_empty() { own.into_iter().collect() } else { named };
        let mut offers = offers(catalogue, &zones, &["on-demand".to_owned()]);
        if offers.iter().any(|offer| offer.offering.price_micros_hour.is_some()) {
            offers.retain(|offer| offer.offering.price_micros_hour.is_some());
        }
        if offers.is_empty() {
            return Err("nothing of the catalogue is offered in the zones of the input".to_owned());
        }
        let sizing = size(&Question {
            objects: subject.objects,
            offers: &offers,
            keep_existing: false,
            survive,
            below: Some(subject.settings().thresholds.utilization()),
            surge: false,
            min_nodes: 0,
            max_types: None,
            objective: Objective::Cost,
            configuration: question.configuration,
            options: question.options,
            budget: Budget { remaining: self.market.remaining, seed: 0 },
        });
        Fleet::new(&sizing, &offers)
    }
}

impl Fleet {
    fn new(sizing: &Sizing, offers: &[crate::planning::size::Offer<'_>]) -> Result<Self, String> {
        if let Some(impossible) = sizing.impossible.first() {
            return Err(format!("no type of node takes {}", format_args!("{}: {}", impossible.first, impossible.message)));
        }
        let plan = sizing.plan.as_ref().filter(|plan| plan.trial.holds()).ok_or("no fleet was found on which everything runs")?;
        let prices = plan.fleet.bought().map(|(offer, count)| Some(offers[offer].offering.price_micros_hour? * i64::from(count)));
        let bought = plan.fleet.bought().map(|(offer, count)| {
            let zone = offers[offer].zone().map_or(String::new(), |zone| format!(" in {zone}"));
            format!("{count} × {}{zone}", offers[offer].node_type.name)
        });
        Ok(Fleet { nodes: plan.fleet.nodes() as usize + sizing.ground.kept.len(), micros_hour: prices.sum(), bought: bought.collect() })
    }
}

impl Drained {
    fn new(answer: &Maintenance<'_>) -> Self {
        let cluster = answer.setting.cluster();
        let why = |blocked: &maintenance::Blocked| {
            let said = blocked.refusal.as_ref().map(|refusal| refusal.message.clone()).or_else(|| blocked.message.clone());
            let pods: Vec<String> = blocked.pods.iter().take(3).map(|&pod| cluster.pod_name(pod).to_string()).collect();
            format!("{}: {}", pods.join(", "), said.unwrap_or_default())
        };
        let blocked = answer.plan.blocked.iter().flat_map(|blocked| {
            let why = why(blocked);
            blocked.nodes.iter().map(move |&node| (cluster.node_name(node).to_owned(), why.clone()))
        });
        Drained { waves: answer.plan.waves.len(), seconds: answer.plan.seconds(), blocked: blocked.collect() }
    }
}

/// Every set of `k` of `n`.
fn combinations(n: usize, k: usize) -> Vec<Vec<usize>> {
    if k == 0 {
        return vec![Vec::new()];
    }
    let with_last = |last: usize| combinations(last, k - 1).into_iter().map(move |set| [set, vec![last]].concat());
    (k - 1..n).flat_map(with_last).collect()
}
