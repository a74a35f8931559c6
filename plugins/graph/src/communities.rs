//! Communities of the greatest modularity that can be found: the Leiden algorithm (Traag, Waltman and
//! van Eck, "From Louvain to Leiden: Guaranteeing Well-Connected Communities", Scientific Reports 9,
//! 2019).
//!
//! The paper draws lots twice, in which order nodes move and which part a node joins. Here nodes move
//! in their order and join the best part, so that the same edges always give the same communities.
//! They are connected, as the paper guarantees.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, number};
use crate::call::{Function, Plan};
use crate::graph::{Direction, Graph};
use crate::weights::Weights;
use sextant_plugin_sdk::Result;
use std::collections::VecDeque;

/// How often the whole is done at most; it mostly comes to rest after 2 or 3 passes.
const PASSES_MAX: usize = 10;

/// The share of a node's strength by which a gain must be greater to be one: less is rounding.
const TOLERANCE: f64 = 1e-12;

/// The community of each node, named after its first node. The higher the resolution, the smaller
/// communities are; at 1 they maximise the modularity (Newman and Girvan 2004), at others that of
/// Reichardt and Bornholdt, "Statistical Mechanics of Community Detection", 2006.
///
/// Weights are strengths: not negative. Those of several edges between the same two nodes add up,
/// whatever their direction; loops are left out.
pub fn communities(graph: &Graph, resolution: f64) -> Vec<u32> {
    let arcs = Arcs::of(graph, Direction::Undirected, Parallel::Sum);
    let strengths = (0..arcs.nodes() as u32).map(|node| total(arcs.of_node(node)));
    let network = Network {
        strengths: strengths.collect(),
        arcs,
    };
    let mut communities: Vec<u32> = (0..network.strengths.len() as u32).collect();
    let strength: f64 = network.strengths.iter().fold(0.0, |sum, own| sum + own);
    if strength == 0.0 {
        return communities;
    }
    let density = resolution / strength;
    for _ in 0..PASSES_MAX {
        let better = pass(&network, &communities, density);
        if better == communities {
            break;
        }
        communities = better;
    }
    communities
}

fn total(arcs: impl Iterator<Item = (u32, f64)>) -> f64 {
    arcs.fold(0.0, |sum, (_, weight)| sum + weight)
}

/// Moves nodes, then their parts as if each were one node, and so on until nothing moves.
fn pass(network: &Network, start: &[u32], density: f64) -> Vec<u32> {
    let mut network = network.clone();
    let mut communities = start.to_vec();
    // Which node of the network each node has become part of.
    let mut places: Vec<u32> = (0..start.len() as u32).collect();
    loop {
        network.settle(&mut communities, density);
        let (parts, count) = dense(&network.refine(&communities, density));
        if count == parts.len() {
            break;
        }
        let mut of_parts = vec![0; count];
        for (node, &part) in parts.iter().enumerate() {
            of_parts[part as usize] = communities[node];
        }
        for place in &mut places {
            *place = parts[*place as usize];
        }
        network = network.merged(&parts, count);
        (communities, _) = dense(&of_parts);
    }
    let all: Vec<u32> = places
        .iter()
        .map(|&place| communities[place as usize])
        .collect();
    first_of_each(&all)
}

/// Names groups by numbers without gaps, in the order in which they first occur; and how many there
/// are.
fn dense(groups: &[u32]) -> (Vec<u32>, usize) {
    let most = groups.iter().max().map_or(0, |&most| most as usize + 1);
    let mut names = vec![u32::MAX; most];
    let mut count = 0_u32;
    let named = groups.iter().map(|&group| {
        let name = &mut names[group as usize];
        if *name == u32::MAX {
            *name = count;
            count += 1;
        }
        *name
    });
    (named.collect(), count as usize)
}

/// Names groups by their first nodes.
fn first_of_each(groups: &[u32]) -> Vec<u32> {
    let mut firsts = vec![u32::MAX; groups.len()];
    for (node, &group) in groups.iter().enumerate().rev() {
        firsts[group as usize] = node as u32;
    }
    groups.iter().map(|&group| firsts[group as usize]).collect()
}

/// The nodes that move: those of the graph at first, then parts of communities.
#[derive(Clone, Debug)]
struct Network {
    arcs: Arcs,
    /// What the edges of each node weigh together, those inside a part too.
    strengths: Vec<f64>,
}

impl Network {
    /// Moves each node to the neighbouring community, or to one of its own, that gains most, until no
    /// node gains any more: the fast local moving of the paper. Communities are numbered below the
    /// number of nodes.
    fn settle(&self, communities: &mut [u32], density: f64) {
        let nodes = self.strengths.len();
        let mut totals = vec![0.0; nodes];
        let mut sizes = vec![0_u32; nodes];
        for (node, &community) in communities.iter().enumerate() {
            totals[community as usize] += self.strengths[node];
            sizes[community as usize] += 1;
        }
        let empty = (0..nodes as u32).rev();
        let mut empty: Vec<u32> = empty.filter(|&group| sizes[group as usize] == 0).collect();
        let mut queue: VecDeque<u32> = (0..nodes as u32).collect();
        let mut queued = vec![true; nodes];
        let mut near = Near::new(nodes);
        while let Some(node) = queue.pop_front() {
            queued[node as usize] = false;
            let (own, strength) = (communities[node as usize], self.strengths[node as usize]);
            totals[own as usize] -= strength;
            sizes[own as usize] -= 1;
            near.gather(self.arcs.of_node(node), communities);
            let gain =
                |group: u32| near.weight(group) - density * strength * totals[group as usize];
            let (mut best, mut most) = (own, gain(own));
            for &group in near.groups() {
                if gain(group) > most + TOLERANCE * strength {
                    (best, most) = (group, gain(group));
                }
            }
            if sizes[own as usize] > 0 && most + TOLERANCE * strength < 0.0 {
                best = empty.pop().unwrap_or(own);
            }
            totals[best as usize] += strength;
            sizes[best as usize] += 1;
            if best == own {
                continue;
            }
            communities[node as usize] = best;
            if sizes[own as usize] == 0 {
                // What rounding left.
                totals[own as usize] = 0.0;
                empty.push(own);
            }
            for &head in self.arcs.heads(node) {
                let is_elsewhere = communities[head as usize] != best;
                if is_elsewhere && !std::mem::replace(&mut queued[head as usize], true) {
                    queue.push_back(head);
                }
            }
        }
    }

    /// Splits each community into parts that are well connected, to be moved as one: a node that is
    /// still alone joins the neighbouring part of its community that gains most.
    fn refine(&self, communities: &[u32], density: f64) -> Vec<u32> {
        let nodes = self.strengths.len();
        let mut wholes = vec![0.0; nodes];
        for (node, &community) in communities.iter().enumerate() {
            wholes[community as usize] += self.strengths[node];
        }
        let mut parts: Vec<u32> = (0..nodes as u32).collect();
        let mut sizes = vec![1_u32; nodes];
        let mut totals = self.strengths.clone();
        // What ties each part to the rest of its community.
        let inside = |node: u32| total(self.inside(communities, node));
        let mut ties: Vec<f64> = (0..nodes as u32).map(inside).collect();
        let mut near = Near::new(nodes);
        for node in 0..nodes as u32 {
            let (whole, strength) = (
                wholes[communities[node as usize] as usize],
                self.strengths[node as usize],
            );
            let is_tied = |part: u32| {
                let (tie, total) = (ties[part as usize], totals[part as usize]);
                tie - density * total * (whole - total) >= -TOLERANCE * total
            };
            if sizes[node as usize] != 1 || !is_tied(node) {
                continue;
            }
            near.gather(self.inside(communities, node), &parts);
            let gain = |part: u32| near.weight(part) - density * strength * totals[part as usize];
            let mut best: Option<(u32, f64)> = None;
            for &part in near.groups() {
                let is_better = best.map_or(gain(part) >= 0.0, |(_, most)| gain(part) > most);
                if is_better && is_tied(part) {
                    best = Some((part, gain(part)));
                }
            }
            let Some((best, _)) = best else { continue };
            parts[node as usize] = best;
            sizes[node as usize] = 0;
            sizes[best as usize] += 1;
            totals[best as usize] += strength;
            ties[best as usize] += ties[node as usize] - 2.0 * near.weight(best);
        }
        parts
    }

    /// The arcs of a node that stay in its community.
    fn inside(&self, communities: &[u32], node: u32) -> impl Iterator<Item = (u32, f64)> {
        let own = communities[node as usize];
        let arcs = self.arcs.of_node(node);
        arcs.filter(move |&(head, _)| communities[head as usize] == own)
    }

    /// The network whose nodes are the parts of this one.
    fn merged(&self, parts: &[u32], count: usize) -> Self {
        let part = |node: u32| parts[node as usize];
        let arcs = self.arcs.iter();
        let arcs = arcs.map(|(from, to, weight)| (part(from), part(to), weight));
        let mut strengths = vec![0.0; count];
        for (&part, strength) in parts.iter().zip(&self.strengths) {
            strengths[part as usize] += strength;
        }
        Self {
            arcs: Arcs::new(count, arcs, Direction::Directed, Parallel::Sum),
            strengths,
        }
    }
}

/// What ties a node to each group of its neighbours.
#[derive(Debug)]
struct Near {
    weights: Vec<f64>,
    is_near: Vec<bool>,
    /// Those that are near, as they were met.
    groups: Vec<u32>,
}

impl Near {
    fn new(groups: usize) -> Self {
        Self {
            weights: vec![0.0; groups],
            is_near: vec![false; groups],
            groups: Vec::new(),
        }
    }

    /// Forgets the last node's and takes those at the ends of these arcs.
    fn gather(&mut self, arcs: impl Iterator<Item = (u32, f64)>, groups: &[u32]) {
        for group in self.groups.drain(..) {
            self.weights[group as usize] = 0.0;
            self.is_near[group as usize] = false;
        }
        for (head, weight) in arcs {
            let group = groups[head as usize];
            self.weights[group as usize] += weight;
            if !std::mem::replace(&mut self.is_near[group as usize], true) {
                self.groups.push(group);
            }
        }
    }

    fn groups(&self) -> &[u32] {
        &self.groups
    }

    fn weight(&self, group: u32) -> f64 {
        self.weights[group as usize]
    }
}

/// `communities((a, b, weight))`.
pub(crate) fn function() -> Function {
    Function::new(
        "communities",
        "The community of each node, named after its first node: groups that are tied more closely than \
         chance would have it, by the modularity (Leiden algorithm, Traag, Waltman and van Eck 2019, with \
         nodes in their order where it draws lots). Communities are connected. The direction of edges is \
         ignored, and so are loops; a column `weight` gives strengths, which add up where edges have the \
         same ends; a negative one is an error.",
        vec![number(
            "resolution",
            1.0,
            "How small communities are, from 0 (whole components) to 1000.",
        )],
        plan,
    )
    .example(
        "SELECT * FROM graph.communities((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'a'), ('x', 'y'), ('y', 'z'), ('z', 'x'), ('c', 'x')) AS t(a, b))) ORDER BY node",
        "a,a\nb,a\nc,a\nx,x\ny,x\nz,x",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let resolution = given.number("resolution", 0.0..=1_000.0)?;
    let field = given.node_field("community");
    let compute = move |graph: &Graph| vec![graph.nodes().select(communities(graph, resolution))];
    Ok(Plan::per_node(given, vec![field], compute).weighted(Weights::NotNegative))
}
