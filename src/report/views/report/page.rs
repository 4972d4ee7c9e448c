//! How a report reads.

use super::{FindingView, PodView, ReportView};
use crate::report::amount::{count, thousands};
use crate::report::document::{Chart, Detail, Document, Figure, Mood, Table, Text};
use crate::report::views::survival::SurvivalView;

/// So many rows of a long table fit a screen.
const ROWS: usize = 20;

impl ReportView {
    /// For readers: what is wrong first, then what it rests on.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        if let Some(name) = self.only {
            self.charts().into_iter().filter(|chart| chart.name == name).for_each(|chart| document.chart(chart));
            return document;
        }
        document.figures("At a glance", self.figures());
        if let Some(changes) = &self.changes {
            changes.sections(&mut document, detail);
        }
        self.success_metrics.add_to(&mut document, "Success metrics", Detail::Brief);
        cut(&mut document, detail, "Findings", FindingView::table(&self.findings), Vec::new());
        SurvivalView::add_to(&self.survives, &mut document);
        document.matrix(self.failures.chart());
        document.chart(self.bars());
        document.chart(self.heat_map());
        cut(&mut document, detail, "Nodes", self.node_table(), Vec::new());
        cut(&mut document, detail, "Placement", PodView::table(&self.pods), Vec::new());
        self.cost(&mut document);
        document
    }

    /// All charts that there are.
    pub(super) fn charts(&self) -> Vec<Chart> {
        let mut charts = vec![self.bars(), self.heat_map(), self.failures.chart()];
        charts.extend(self.size.iter().filter_map(|size| size.why.as_ref()).flat_map(|why| why.charts()));
        charts
    }

    /// Whether a chart can be drawn.
    pub fn has_chart(&self, name: &str) -> bool {
        let mut document = Document::default();
        self.charts().into_iter().for_each(|chart| document.chart(chart));
        document.charts().any(|chart| chart.name == name)
    }

    fn headline(&self) -> Text {
        let mood = if self.holds { Mood::Good } else { Mood::Bad };
        Text::new(format!("{}: {}; {}", self.title, self.success_metrics.sentence(), self.sentence), mood)
    }

    fn figures(&self) -> Vec<Figure> {
        let figure = |name: &str, value: Text, about: String| Figure { name: name.to_owned(), value, about };
        let judged = |text: String, holds: bool| Text::new(text, if holds { Mood::Good } else { Mood::Bad });
        let (state, summary) = (&self.state, &self.summary);
        let without = summary.unschedulable + summary.preempted + summary.not_created;
        let parts =
            [(summary.unschedulable, "unschedulable"), (summary.preempted, "evicted for good"), (summary.not_created, "not created")];
        let parts: Vec<String> =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{} {what}", thousands(*number))).collect();
        let metrics = &self.success_metrics;
        let mut figures = vec![
            figure(
                "Success metrics that hold",
                judged(format!("{} of {}", metrics.held, metrics.metrics.len()), metrics.holds),
                String::new(),
            ),
            figure("Pods without a node", judged(thousands(without), without == 0), parts.join(", ")),
        ];
        for each in self.survives.iter().filter(|each| each.losses > 0) {
            let value = judged(format!("{} of {}", thousands(each.survived), thousands(each.losses)), each.survived == each.losses);
            let worst = each.worst.as_ref().filter(|_| each.survived < each.losses);
            figures.push(figure(
                &format!("Losses of a {} survived", each.each),
                value,
                worst.map_or_else(String::new, |worst| format!("worst: {}", worst.lost)),
            ));
        }
        let (found, parts) = FindingView::counted(&self.findings);
        figures.push(figure("Findings", found, parts));
        let take = format!("{} take ordinary pods", thousands(state.nodes_that_take_pods));
        figures.push(figure("Nodes", thousands(self.nodes.len()).into(), take));
        figures.push(figure(
            "Pods",
            thousands(summary.pods).into(),
            format!("{} a node, at most {}", state.pods_per_node, thousands(state.most_pods_on_a_node)),
        ));
        for each in self.resources.iter().filter(|each| each.is_main() && each.resource != "pods" && each.allocatable > 0) {
            figures.push(figure(&format!("{} requested", each.resource), each.share().into(), each.fraction()));
        }
        if let Some(cost) = self.size.as_ref().and_then(|size| size.cost) {
            let month = format!("{:.2} a month of 730 hours", cost.per_month);
            figures.push(figure("What to buy costs an hour", format!("{:.2}", cost.per_hour).into(), month));
        }
        figures
    }

    /// What to buy, and what fewer and more nodes would cost.
    fn cost(&self, document: &mut Document) {
        let Some(size) = &self.size else {
            let how = "No cost curve: nothing was said of what can be bought. `plimsoll report --catalogue types.csv` draws it, with prices an \
                       hour; `--like NODE` draws what more nodes like that one would do.";
            return document.lines("Cost", vec![Text::faint(how)]);
        };
        let mut lines = vec![size.headline()];
        lines.extend(size.lead());
        document.lines("What to buy", lines);
        size.add_nodes(document);
        if let Some(why) = &size.why {
            why.charts().into_iter().for_each(|chart| document.chart(chart));
            why.add_curve(document);
        }
    }
}

/// Adds a table that may be long: all of it, or as much as fits a screen.
fn cut(document: &mut Document, detail: Detail, title: &str, mut table: Table, mut notes: Vec<String>) {
    if detail == Detail::Brief {
        let more = table.cut(ROWS);
        notes.extend((more > 0).then(|| format!("… and {}; -o wide shows all", count(more, "more row"))));
    }
    document.table(title, table, notes);
}
