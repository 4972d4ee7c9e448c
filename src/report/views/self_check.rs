//! How far our filters agree with where pods are: whether to trust what follows.

use schemars::JsonSchema;
use serde::Serialize;

use super::context::Context;
use crate::report::amount::{Unit, count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::simulation::self_check::{Cause, Finding, SelfCheck, contradiction, since};

/// How far our filters agree with where pods are.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelfCheckView {
    /// Bound pods that were judged.
    pub judged: usize,
    /// Those of them that every filter accepts where they are.
    pub accepted: usize,
    /// The same in percent, one digit after the point, rounded down.
    pub accepted_percent: f64,
    /// Those that a later change alone explains: taints, cordons, labels, neighbours that left.
    pub overtaken: usize,
    /// Those of which the input lacks something.
    pub lacking: usize,
    /// Those that cannot be where they are.
    pub contradicting: usize,
    /// Who refuses them and why, contradictions first.
    pub groups: Vec<SelfCheckGroup>,
    /// Pods that were not judged: static ones, that no scheduler placed.
    pub fixed: usize,
    /// Pods that were not judged: another scheduler's.
    pub other_schedulers: usize,
    /// Pods that were not judged: on nodes that are not in the input.
    pub orphaned: usize,
    /// Pods that were not judged: they are being deleted.
    pub leaving: usize,
}

/// Pods that are refused where they are, alike.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelfCheckGroup {
    /// What it means: `contradiction`, `lacking` or `since`.
    pub cause: &'static str,
    /// The plugin that refuses.
    pub plugin: String,
    /// Its reasons, in upstream's words.
    pub reasons: Vec<String>,
    /// What can have happened, in words.
    pub means: String,
    /// The node, if it is about one alone: more is set aside than it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What is set aside there, and of what; empty if it is about something else.
    pub set_aside: Vec<SetAside>,
    /// The pods, each with its node.
    pub pods: Vec<PodOnNode>,
}

/// A resource of which more is set aside than there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// The resource.
    pub resource: String,
    /// What is set aside: cpu in thousandths of a core, everything else in units.
    pub requested: i64,
    /// What the node has, in the same unit.
    pub allocatable: i64,
}

/// A pod and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodOnNode {
    /// The pod.
    pub pod: String,
    /// Its node.
    pub node: String,
}

/// So many groups are named on a screen.
const GROUPS: usize = 3;

impl SelfCheckView {
    /// Of an answer; nothing if no pod was judged.
    pub fn new(context: &Context<'_>, check: &SelfCheck) -> Option<Self> {
        if check.judged == 0 {
            return None;
        }
        let mut groups: Vec<(Cause, SelfCheckGroup)> = Vec::new();
        for finding in &check.findings {
            let group = SelfCheckGroup::of(context, finding);
            let place = groups.iter_mut().find(|(_, known)| known.is_about_the_same(&group));
            match place {
                Some((_, known)) => known.pods.extend(group.pods),
                None => groups.push((finding.cause, group)),
            }
        }
        groups.sort_by_key(|(cause, group)| (*cause, std::cmp::Reverse(group.pods.len())));
        Some(SelfCheckView {
            judged: check.judged,
            accepted: check.accepted,
            accepted_percent: (check.accepted as f64 * 1000.0 / check.judged as f64).floor() / 10.0,
            overtaken: check.refused_for(Cause::Since),
            lacking: check.refused_for(Cause::Lacking),
            contradicting: check.refused_for(Cause::Contradiction),
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            fixed: check.fixed,
            other_schedulers: check.foreign,
            orphaned: check.orphaned,
            leaving: check.leaving,
        })
    }

    /// All in one sentence.
    pub fn sentence(&self) -> String {
        if self.accepted == self.judged {
            let all = if self.judged == 1 {
                "the one bound pod is where".to_owned()
            } else {
                format!("all {} bound pods are where", thousands(self.judged))
            };
            return format!("self-check: {all} our filters accept them");
        }
        let head =
            format!("self-check: {} of {} bound pods ({:.1} %)", thousands(self.accepted), thousands(self.judged), self.accepted_percent);
        let parts = [
            (self.overtaken, self.explained("since"), ["was overtaken by later changes", "were overtaken by later changes"]),
            (self.lacking, self.explained("lacking"), ["refers to what the input lacks", "refer to what the input lacks"]),
            (self.contradicting, self.explained("contradiction"), ["contradicts", "contradict"]),
        ];
        let said = parts.iter().filter(|(number, ..)| *number > 0);
        let said: Vec<String> =
            said.map(|(number, by, words)| format!("{} {} ({by})", thousands(*number), words[usize::from(*number > 1)])).collect();
        format!("{head} are where our filters accept them; {}", said.join("; "))
    }

    fn explained(&self, cause: &str) -> String {
        let mut plugins: Vec<&str> = Vec::new();
        for group in self.groups.iter().filter(|group| group.cause == cause) {
            let word = if cause == "since" { since(&group.plugin).unwrap_or(&group.plugin) } else { &group.plugin };
            if !plugins.contains(&word) {
                plugins.push(word);
            }
        }
        list(&plugins, GROUPS)
    }

    /// Adds it to a document: a line, and what contradicts; in full, everything that is refused.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        let mood = match (self.contradicting, self.accepted == self.judged) {
            (0, true) => Mood::Good,
            (0, false) => Mood::Plain,
            _ => Mood::Notable,
        };
        let mut lines = vec![Text::new(self.sentence(), mood)];
        let contradictions: Vec<&SelfCheckGroup> = self.groups.iter().filter(|group| group.cause == "contradiction").collect();
        if detail == Detail::Brief {
            lines.extend(contradictions.iter().take(GROUPS).map(|group| Text::new(group.sentence(), Mood::Notable)));
            if contradictions.len() > GROUPS {
                lines.push(Text::faint(format!("… and {}; -o wide says all", count(contradictions.len() - GROUPS, "more contradiction"))));
            }
        }
        lines.extend(self.aside());
        document.lines("Self-check", lines);
        if detail == Detail::Full && !self.groups.is_empty() {
            document.table("Refused where they are", self.table(), Vec::new());
        }
    }

    /// Pods that were not judged.
    fn aside(&self) -> Option<Text> {
        let parts = [
            (self.fixed, "static"),
            (self.other_schedulers, "of other schedulers"),
            (self.orphaned, "on nodes that are not in the input"),
            (self.leaving, "being deleted"),
        ];
        let said = parts.iter().filter(|(number, _)| *number > 0);
        let said: Vec<String> = said.map(|(number, what)| format!("{} {what}", thousands(*number))).collect();
        (!said.is_empty()).then(|| Text::faint(format!("not judged: {}", said.join(", "))))
    }

    fn table(&self) -> Table {
        let mut table = Table::new().left("refused by").left("why").right("pods").left("which").left("what it means");
        for group in &self.groups {
            let pods: Vec<String> = group.pods.iter().map(|each| format!("{} on {}", each.pod, each.node)).collect();
            let mood = if group.cause == "contradiction" { Mood::Notable } else { Mood::Plain };
            table.row(vec![
                Text::new(&*group.plugin, mood),
                group.why().into(),
                thousands(group.pods.len()).into(),
                list(&pods, usize::MAX).into(),
                group.means.as_str().into(),
            ]);
        }
        table
    }
}

impl SelfCheckGroup {
    fn of(context: &Context<'_>, finding: &Finding) -> Self {
        let plugin = finding.rejection.plugin;
        let (cause, means) = match finding.cause {
            Cause::Contradiction => ("contradiction", contradiction(plugin)),
            Cause::Lacking => ("lacking", "the input lacks what the pods refer to: dump it too"),
            Cause::Since => ("since", since(plugin).unwrap_or("changed since")),
        };
        let short = finding.short.iter();
        let node = context.node(finding.node);
        SelfCheckGroup {
            cause,
            plugin: plugin.to_owned(),
            reasons: finding.rejection.reasons.iter().map(|reason| reason.to_string()).collect(),
            means: means.to_owned(),
            node: (!finding.short.is_empty()).then(|| node.clone()),
            set_aside: short
                .map(|short| SetAside { resource: short.resource.clone(), requested: short.used, allocatable: short.allocatable })
                .collect(),
            pods: vec![PodOnNode { pod: context.pod(finding.pod), node }],
        }
    }

    fn is_about_the_same(&self, other: &SelfCheckGroup) -> bool {
        let about = |group: &SelfCheckGroup| (group.cause, group.plugin.clone(), group.reasons.clone(), group.node.clone());
        about(self) == about(other)
    }

    /// The reasons, with the amounts if there is too little of something.
    fn why(&self) -> String {
        let amount = |set: &SetAside| {
            let (unit, resource) = (Unit::of(&set.resource), &set.resource);
            let node = self.node.as_deref().unwrap_or_default();
            format!("{resource} on {node}: {} set aside of {}", unit.amount(set.requested), unit.amount(set.allocatable))
        };
        match self.set_aside.as_slice() {
            [] => self.reasons.join("; "),
            amounts => amounts.iter().map(amount).collect::<Vec<_>>().join("; "),
        }
    }

    fn sentence(&self) -> String {
        let pods: Vec<&str> = self.pods.iter().map(|each| each.pod.as_str()).collect();
        format!("{}: {} ({})", self.plugin, self.why(), list(&pods, GROUPS))
    }
}
