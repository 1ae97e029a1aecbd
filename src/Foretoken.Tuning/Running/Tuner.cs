using System.Diagnostics;
using Foretoken.Accuracy;
using Foretoken.Metrics;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Search;
using Foretoken.Tuning.Space;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Running;

/// <summary>
/// Walks through a study: the search proposes a batch, points become candidates, hopeless ones are put aside, the others race over
/// growing slices of the traffic, and the search hears what became of them. What decides depends on batches alone, so that the
/// result is the same for every number of threads, and with runs that were known before.
/// </summary>
public sealed class Tuner
{
    // One batch keeps two cores busy and is small against any budget that is worth a search.
    private const int Batch = 64;

    // The first stage has to say something about a tail.
    private const int FirstStageRequests = 300;
    private static readonly double[] Slices = [1.0 / 16, 1.0 / 4, 1];

    private readonly Study _study;
    private readonly CandidateFactory _factory;
    private readonly CandidateRunner _runner;
    private readonly StepTimePool _stepTimes;
    private readonly IRunMemory _memory;
    private readonly int _threads;
    private readonly TunerProgress _progress;
    private readonly CancellationToken _stop;
    private readonly Judge _judge;
    private readonly Race _race;
    private readonly Bottleneck _bottleneck;
    private readonly double[] _shares;
    private readonly MeasuredClasses _classes;
    private readonly FluidBound? _bound;
    private readonly Dictionary<string, Contestant> _byKey = [];
    private readonly List<Contestant> _contestants = [];
    private long _equivalent;
    private long _runs;
    private double _simulatedSeconds;
    private double _gpuHours;
    private double _cost;

    /// <summary>A study that is ready to begin.</summary>
    public Tuner(Study study, CandidateFactory factory, CandidateRunner runner, StepTimePool stepTimes, IRunMemory memory, int threads, TunerProgress progress, CancellationToken stop)
    {
        _study = study;
        _factory = factory;
        _runner = runner;
        _stepTimes = stepTimes;
        _memory = memory;
        _threads = threads;
        _progress = progress;
        _stop = stop;
        _judge = new Judge(study, runner.Measures);
        _bottleneck = new Bottleneck(runner.Measures, stepTimes, runner.Traffic);
        IsExhaustive = study.Search == "exhaustive" || (study.Search == "auto" && study.Space.CanonicalSize() <= study.Candidates);
        var recorded = runner.Traffic.Recorded(0);
        var races = study.Racing && !IsExhaustive && !study.Capacity && recorded is not null;
        _classes = new MeasuredClasses(study);
        _shares = [.. Slices.Where(s => s == 1 || (races && recorded!.Count * s >= FirstStageRequests && _classes.Have(FirstStageRequests, recorded, RecordedTraffic.Rows(recorded.Count, s))))];
        _race = new Race(_shares, study.Objectives.Count);
        _bound = recorded is null || study.Capacity ? null : new FluidBound(recorded, study.Constraints);
        progress.CandidatesMax = (long)Math.Min(study.Candidates, study.Space.CanonicalSize());
    }

    /// <summary>Whether every point of the space is looked at.</summary>
    public bool IsExhaustive { get; }

    /// <summary>Plays the study to its end.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop; what was played is in the memory.</exception>
    public TunerOutcome Run()
    {
        _progress.Enter("searching");
        var search = NewSearch();
        while (_progress.Candidates < _study.Candidates)
        {
            var points = search.Propose((int)Math.Min(Batch, _study.Candidates - _progress.Candidates));
            if (points.Count == 0)
            {
                break;
            }

            var fates = Meet(points);
            for (var i = 0; i < points.Count; i++)
            {
                if (fates[i] is { } contestant)
                {
                    search.Tell(points[i], contestant.Costs, contestant.Violation);
                }
                else
                {
                    search.Tell(points[i], [], double.PositiveInfinity);
                }
            }

            _progress.Look(points.Count);
            SayBest();
        }

        RescueHopeless();
        _progress.Enter("replicating");
        var finalists = Finalists();
        Replicate(Replicated.Of(finalists, _study));
        var (front, verdicts, shortlist) = Choose(finalists);
        IReadOnlyList<string> beyond = [];
        if (!_study.Capacity && finalists.Count > 0 && finalists.TrueForAll(c => c.Violation > 0))
        {
            _progress.Enter("looking beyond the budget");
            beyond = BeyondBudget.Of([.. finalists.OrderBy(c => c.Violation).ThenBy(c => c.Number).Take(3)], _factory, (larger, control) => Outcome(larger, RunAddress.Whole(0), control), _judge, _threads, _stop);
        }

        return new TunerOutcome
        {
            Contestants = _contestants,
            Finalists = finalists,
            Front = front,
            Verdicts = verdicts,
            Shortlist = shortlist,
            Beyond = beyond,
            Infeasible = _factory.Infeasible(),
            Equivalent = _equivalent,
            Runs = _runs,
            SimulatedSeconds = _simulatedSeconds,
            GpuHours = _gpuHours,
            Cost = _cost,
            Search = IsExhaustive ? "exhaustive" : _study.Search == "auto" ? "evolutionary" : _study.Search,
            IsExhaustive = IsExhaustive,
        };
    }

    private IMultiObjectiveSearch NewSearch()
    {
        var space = _study.Space;
        var dimensions = space.Dimensions.Select(d => new SearchDimension(d.Name, d.Choices.Count, d.IsOrdered)).ToList();
        if (dimensions.Count == 0)
        {
            dimensions.Add(new SearchDimension("nothing to choose", 1, false));
            return new ExhaustiveSearch(new SearchSpace(dimensions));
        }

        // Points that cannot exist are counted with their reasons, so the exhaustive search proposes them, too.
        var all = new SearchSpace(dimensions, space.Canonical);
        var possible = new SearchSpace(dimensions, space.Canonical, IsPossible);
        return IsExhaustive ? new ExhaustiveSearch(all)
            : _study.Search == "random" ? new RandomSearch(possible, _study.Seed)
            : new EvolutionarySearch(possible, new EvolutionaryOptions { Seed = _study.Seed, Start = _study.Start });
    }

    private bool IsPossible(int[] point) => _factory.TryCreate(point, out _) is not null;

    // Points in, contestants out: null where a point cannot exist.
    private Contestant?[] Meet(IReadOnlyList<int[]> points)
    {
        int[][] canonical = [.. points.Select(p => _study.Space.Dimensions.Count == 0 ? [] : p)];
        var made = ParallelRuns.Each(canonical, _ => 1, (point, _) => (Candidate: _factory.TryCreate(point, out var reason), Reason: reason), _threads, stop: _stop);
        var fates = new Contestant?[points.Count];
        var fresh = new List<Contestant>();
        for (var i = 0; i < made.Count; i++)
        {
            if (made[i].Candidate is not { } candidate)
            {
                continue;
            }

            if (_byKey.TryGetValue(candidate.Key, out var known))
            {
                _equivalent++;
                fates[i] = known;
                candidate.Scenario.LetGo();
                continue;
            }

            var contestant = new Contestant(_contestants.Count + 1, candidate, _shares.Length);
            _byKey.Add(candidate.Key, contestant);
            _contestants.Add(contestant);
            fresh.Add(contestant);
            fates[i] = contestant;
        }

        Play(fresh);
        Attribute(fresh);
        foreach (var contestant in fresh)
        {
            contestant.Candidate.Scenario.LetGo();
        }

        return fates;
    }

    private void Play(List<Contestant> fresh)
    {
        var alive = PutHopelessAside(fresh);
        if (_study.Capacity)
        {
            var found = ParallelRuns.Each(alive, Weight, (c, control) => CapacitySearch.Find(address => Outcome(c, address, control), _judge), _threads, stop: _stop);
            for (var i = 0; i < alive.Count; i++)
            {
                alive[i].Speedup = found[i].Speedup;
                foreach (var outcome in found[i].All)
                {
                    Count(alive[i], outcome);
                }

                Settle(alive[i], found[i].Best, 0);
            }

            return;
        }

        for (var stage = 0; stage < _shares.Length; stage++)
        {
            var slice = (int)Math.Round(_shares[stage] * RunAddress.One);
            var outcomes = ParallelRuns.Each(alive, Weight, (c, control) => Outcome(c, new RunAddress(slice, 0, RunAddress.One), control), _threads, stop: _stop);
            var costs = outcomes.Select(o => _judge.Costs(o.Values)).ToList();
            for (var i = 0; i < alive.Count; i++)
            {
                Count(alive[i], outcomes[i]);
                Settle(alive[i], outcomes[i], stage);
                _race.Seen(stage, alive[i], costs[i], alive[i].Violation);
            }

            var left = new List<Contestant>();
            for (var i = 0; i < alive.Count; i++)
            {
                var contestant = alive[i];
                if (_race.BetterThan(contestant, stage, costs[i], contestant.Violation) is { } better)
                {
                    contestant.State = CandidateState.OutRaced;
                    contestant.Costs = Carried(contestant, better, stage);
                }
                else
                {
                    left.Add(contestant);
                }
            }

            alive = left;
        }

        foreach (var contestant in alive.Where(c => c.Violation == 0 && _shares.Length > 1))
        {
            _race.Learn([.. contestant.Stages.Select(s => _judge.Costs(s!))]);
        }
    }

    // While its scenario is at hand.
    private void Attribute(List<Contestant> played) =>
        ParallelRuns.Each([.. played.Where(c => c.LastStage >= 0)], _ => 1, (c, _) => c.Bottleneck = _bottleneck.Of(c.Candidate, c.Stages[c.LastStage]!), _threads, stop: _stop);

    private List<Contestant> PutHopelessAside(List<Contestant> fresh)
    {
        if (_bound is null)
        {
            return fresh;
        }

        var violations = ParallelRuns.Each(fresh, _ => 1, (c, _) => _bound.Violation(c.Candidate, _stepTimes), _threads, stop: _stop);
        var alive = new List<Contestant>();
        for (var i = 0; i < fresh.Count; i++)
        {
            if (violations[i] > 0)
            {
                fresh[i].State = CandidateState.Hopeless;
                // Behind everything that was played.
                fresh[i].Violation = _judge.Worst + Math.Max(1, violations[i]);
                fresh[i].Costs = [.. _study.Objectives.Select(_ => double.MaxValue)];
            }
            else
            {
                alive.Add(fresh[i]);
            }
        }

        return alive;
    }

    // What it would come to over the whole traffic if it grew as the one that beat it did: never better than that one.
    private double[] Carried(Contestant loser, Contestant better, int stage)
    {
        var costs = _judge.Costs(loser.Stages[stage]!);
        if (better.Final is not { } final)
        {
            return costs;
        }

        var (then, now) = (_judge.Costs(better.Stages[stage]!), _judge.Costs(final));
        for (var i = 0; i < costs.Length; i++)
        {
            var carried = then[i] != 0 ? costs[i] / then[i] * now[i] : costs[i];
            costs[i] = double.IsFinite(carried) ? Math.Max(carried, now[i]) : costs[i];
        }

        return costs;
    }

    private void Settle(Contestant contestant, RunOutcome outcome, int stage)
    {
        contestant.Stages[stage] = outcome.Values;
        contestant.Costs = [.. _judge.Costs(outcome.Values).Select(c => double.IsFinite(c) ? c : double.MaxValue)];
        contestant.Violation = _judge.Violation(outcome.Values);
        if (stage == _shares.Length - 1)
        {
            contestant.State = CandidateState.Finished;
            contestant.Replications.Add(outcome.Values);
        }
    }

    // When nothing but hopeless candidates was found, the least hopeless are played after all: somebody wants to know by how much.
    private void RescueHopeless()
    {
        const int Rescued = 8;
        if (_contestants.Exists(c => c.Final is not null))
        {
            return;
        }

        var nearest = _contestants.OrderBy(c => c.Violation).ThenBy(c => c.Number).Take(Rescued).ToList();
        var outcomes = ParallelRuns.Each(nearest, Weight, (c, control) => Outcome(c, RunAddress.Whole(0), control), _threads, stop: _stop);
        for (var i = 0; i < nearest.Count; i++)
        {
            Count(nearest[i], outcomes[i]);
            Settle(nearest[i], outcomes[i], _shares.Length - 1);
        }

        Attribute(nearest);
    }

    // The front, what is near it, and, where nothing keeps the SLO, what misses by least.
    private List<Contestant> Finalists()
    {
        const int Most = 32;
        var finished = _contestants.Where(c => c.Final is not null).ToList();
        if (_study.ReplicateAll)
        {
            return finished;
        }

        const double Near = 0.15;
        var close = finished.Where(c => c.Violation <= Near).ToList();
        if (close.Count == 0)
        {
            return [.. finished.OrderBy(c => c.Violation).ThenBy(c => c.Number).Take(Math.Max(_study.Shortlist, 8))];
        }

        var ranks = NonDominatedSort.Ranks([.. close.Select(c => c.Costs)], [.. close.Select(c => c.Violation)]);
        var keeping = NonDominatedSort.Ranks([.. close.Select(c => c.Costs)]);

        // All of the front; then who would be on it with a little luck.
        return [.. close.Select((c, i) => (Contestant: c, OnFront: c.Violation == 0 && ranks[i] == 0, Rank: keeping[i]))
            .OrderBy(c => c.OnFront ? 0 : 1).ThenBy(c => c.Rank).ThenBy(c => c.Contestant.Violation).ThenBy(c => c.Contestant.Number)
            .Where((c, place) => c.OnFront || place < Most)
            .Select(c => c.Contestant)];
    }

    // What is recommended has replications of its own; those may change what is recommended.
    private (IReadOnlySet<Contestant> Front, Verdicts? Verdicts, IReadOnlyList<Contestant> Shortlist) Choose(List<Contestant> finalists)
    {
        var finished = _contestants.Where(c => c.Final is not null).ToList();
        var front = Shortlist.Front(finished);
        while (true)
        {
            var shortlist = Shortlist.Of(_study, finalists, finished, front, Judged(isLast: false));
            var bare = shortlist.Where(c => !c.IsReplicated && finalists.Contains(c)).ToList();
            if (bare.Count == 0)
            {
                _progress.Enter("weighing");
                return (front, Judged(isLast: true), shortlist);
            }

            Replicate(bare);
        }

        Verdicts? Judged(bool isLast) => Verdicts.Of(_study, _runner.Measures, _contestants, finalists, _shares, _runner.Traffic.ReplicationSpread, isLast, _threads);
    }

    private void Replicate(IReadOnlyList<Contestant> finalists)
    {
        var wanted = new List<(Contestant Contestant, int Replication)>();
        foreach (var r in _runner.Traffic.ReplicationSpread > 0 ? Telling() : [])
        {
            wanted.AddRange(finalists.Select(c => (c, r)));
        }

        if (_study.ModelError)
        {
            wanted.AddRange(finalists.SelectMany(c => new[] { (c, RunAddress.Slower), (c, RunAddress.Faster) }));
        }

        var outcomes = ParallelRuns.Each(wanted, w => Weight(w.Contestant), (w, control) => Played(w.Contestant, w.Replication, control), _threads, stop: _stop);
        foreach (var contestant in finalists)
        {
            contestant.IsReplicated = true;
        }

        for (var i = 0; i < wanted.Count; i++)
        {
            var (contestant, replication) = wanted[i];
            var (values, played) = outcomes[i];
            foreach (var outcome in played)
            {
                Count(contestant, outcome);
            }

            switch (replication)
            {
                case RunAddress.Slower:
                    contestant.Slower = values;
                    break;
                case RunAddress.Faster:
                    contestant.Faster = values;
                    break;
                default:
                    contestant.Replications.Add(values);
                    break;
            }
        }
    }

    // One in which a class that is measured does not come at all tells nothing of it: the next one takes its place.
    private IEnumerable<int> Telling()
    {
        const int Tries = 10;
        var found = 0;
        for (var r = 1; found < _study.Replications - 1 && r < _study.Replications * Tries; r++)
        {
            if (_runner.Traffic.Recorded(r) is { } trace && !_classes.Have(1, trace, trace.Count))
            {
                continue;
            }

            found++;
            yield return r;
        }
    }

    // In capacity mode a replication tells two things: whether the load that was found holds there, too, and its own highest load.
    private (double[] Values, IReadOnlyList<RunOutcome> Played) Played(Contestant contestant, int replication, Twin.RunControl control)
    {
        if (!_study.Capacity || contestant.Violation > 0)
        {
            var outcome = Outcome(contestant, new RunAddress(RunAddress.One, replication, CapacitySearch.Address(contestant.Speedup)), control);
            return (outcome.Values, [outcome]);
        }

        // Highest loads of other days lie close to each other.
        const double Nearby = 1.19;
        var found = CapacitySearch.Find(address => Outcome(contestant, address, control), _judge, replication, contestant.Speedup, Nearby);
        var place = _runner.Measures.PlaceOf(new Measure(MetricCatalogue.OfferedRequestRate));
        double[] values = [.. found.All[0].Values];
        values[place] = found.Best.Values[place];
        return (values, found.All);
    }

    private RunOutcome Outcome(Contestant contestant, RunAddress address, Twin.RunControl control)
    {
        var began = Stopwatch.GetTimestamp();
        var outcome = Outcome(contestant.Candidate, address, control);
        contestant.Took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return outcome;
    }

    private RunOutcome Outcome(Candidate candidate, RunAddress address, Twin.RunControl control)
    {
        var known = _memory.TryGet(candidate.Key, address, out var outcome);
        if (!known)
        {
            outcome = _runner.Run(candidate, address, control);
            _memory.Add(candidate.Key, address, outcome);
        }

        _progress.Ran(!known);
        return outcome;
    }

    private void Count(Contestant contestant, RunOutcome outcome)
    {
        contestant.Runs++;
        _runs++;
        _simulatedSeconds += outcome.SimulatedSeconds;
        _gpuHours += outcome.GpuHours;
        _cost += outcome.GpuHours * contestant.Candidate.HourPrice / contestant.Candidate.Gpus;
    }

    // Who took long over a slice takes long over the rest; before that, many GPUs are the best guess.
    private static double Weight(Contestant contestant) => contestant.Took > 0 ? contestant.Took : contestant.Candidate.Gpus;

    private void SayBest()
    {
        Contestant? best = null;
        foreach (var contestant in _contestants)
        {
            if (contestant.Final is not null && contestant.Violation == 0 && (best is null || contestant.Costs[0] < best.Costs[0]))
            {
                best = contestant;
            }
        }

        if (best is not null)
        {
            _progress.Say(best.Candidate.Title);
        }
    }
}
