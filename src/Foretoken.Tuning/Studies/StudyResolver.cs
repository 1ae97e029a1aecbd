using System.Globalization;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Models;
using Foretoken.Metrics;
using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Studies;

/// <summary>From a scenario with a <c>tune</c> section to a validated study.</summary>
public static class StudyResolver
{
    private const int DefaultGpus = 16;

    /// <summary>The key of the study's own section.</summary>
    public const string Key = "tune";

    /// <summary>Takes the study's own section out of a scenario.</summary>
    public static (ConfigNode? Tune, ConfigNode? Scenario) Divide(ConfigNode? document) => document is MapNode map && map.Find(Key) is { } tune
        ? (tune, new MapNode([.. map.Entries.Where(e => e.Key != Key)], map.Origin))
        : (null, document);

    /// <summary>Reads and validates a study.</summary>
    /// <param name="document">The scenario with its <c>tune</c> section, options applied; the section may be missing.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="defaultName">Name of a study that gives none.</param>
    /// <param name="library">Where models and GPUs are looked up.</param>
    /// <exception cref="InputException">Something is wrong; carries every problem that can be told at once.</exception>
    public static (Study Study, CandidateFactory Candidates) Resolve(ConfigNode? document, string file, string defaultName, HardwareLibrary library)
    {
        var (tune, scenario) = Divide(document);
        scenario ??= new MapNode([], new Origin(file));
        var context = new BindContext();
        var bound = SectionBinder.Bind(StudyFields.Section, tune ?? new MapNode([], scenario.Origin), context, Key);
        if (bound is null)
        {
            context.ThrowIfAny();
        }

        // What is bad is left out, so that the rest is looked at, too.
        Field[] ofTheSpace = [StudyFields.Gpus, StudyFields.GpuTypes, StudyFields.Engines, StudyFields.Topologies, StudyFields.Preset, StudyFields.Space];
        var isSpaceGood = ofTheSpace.All(bound!.IsGood);
        if (tune is MapNode all && !bound.Fields.All(bound.IsGood))
        {
            bound = SectionBinder.Bind(StudyFields.Section, new MapNode([.. all.Entries.Where(e => bound.Fields.Any(f => f.Answers(e.Key) && bound.IsGood(f)))], all.Origin), new BindContext(), Key);
        }

        var problems = new List<Problem>();
        var gpus = bound!.Get(StudyFields.Gpus);
        var types = Types(bound, scenario, library, problems);
        var model = Model(scenario, library);
        var before = context.Problems.Count;
        var own = bound.GetObject(StudyFields.Space) is ConfigNode written ? SpaceReader.Read(written, context) : [];
        isSpaceGood &= context.Problems.Count == before;
        var preset = bound.IsSet(StudyFields.Preset) ? bound.Get(StudyFields.Preset)! : own.Count > 0 ? "none" : "everything";
        var taken = own.Select(d => d.Name).ToHashSet();
        bool IsFixed(string path) => taken.Contains(path) || taken.Any(t => t.StartsWith(path + ".", StringComparison.Ordinal) || t.StartsWith(path + "[", StringComparison.Ordinal)) || IsWritten(scenario, path);
        var pools = taken.Contains("fleet.pools") ? null : WrittenPools.Of(scenario);
        var isPlaced = IsFixed("model") && (types.Count > 0 || IsFixed("gpu") || pools is { HaveGpus: true });
        if (bound.IsSet(StudyFields.Topologies) && IsFixed("fleet.pools"))
        {
            problems.Add(new($"{bound.PlaceOf(StudyFields.Topologies)}: tune.topologies", "leaves a choice, and fleet.pools says which pools there are", "leave one of the two out"));
        }

        CheckUnused(bound, preset, scenario, problems);
        var automatic = DefaultSpace.Of(preset, Engines(bound, scenario, problems), Topologies(bound, types, gpus ?? DefaultGpus, IsFixed("fleet.replicas"), isPlaced, problems), types, gpus ?? DefaultGpus, model, isPlaced, types.All(t => IsLinked(library.Gpus.Find(t))), pools, Router(scenario), IsFixed);
        var space = new ParameterSpace([.. automatic, .. own]);
        var objectives = Objectives(bound, problems);
        var constraints = new List<Constraint>();
        foreach (var text in bound.IsSet(StudyFields.Slo) ? bound.Get(StudyFields.Slo)! : [])
        {
            constraints.AddRange(MeasureText.ReadConstraints(text, $"{bound.PlaceOf(StudyFields.Slo)}: tune.slo", problems));
        }

        problems.InsertRange(0, context.Problems);
        var budget = new Budget { Gpus = gpus ?? (preset == "none" ? null : DefaultGpus), CostPerHour = bound.Get(StudyFields.CostPerHour) };
        var factory = new CandidateFactory(scenario, file, defaultName, space, budget, library);
        var isWhole = problems.Count == 0;
        var first = isWhole ? First(factory, file) : isSpaceGood ? Early(factory, problems) : null;
        if (first is null)
        {
            throw new InputException(problems);
        }

        constraints = Together([.. FromScenario(first.Model.Slo)], constraints, $"{bound.PlaceOf(StudyFields.Slo)}: tune.slo", problems);
        if (double.IsNaN(first.HourPrice) && !bound.IsSet(StudyFields.Objectives))
        {
            // Without prices GPUs stand for them.
            objectives = [.. objectives.Select(o => o.Measure.Metric == MetricCatalogue.CostPerHour ? new Objective(new Measure(MetricCatalogue.GpuCount), false) : o)];
        }

        if (isWhole && bound.Get(StudyFields.Goal) == "capacity" && constraints.TrueForAll(c => c.Measure.Metric == MetricCatalogue.ErrorRequestFraction))
        {
            problems.Add(new($"{file}: tune.goal", "capacity needs an SLO: without a bound no load is too high", "add slo, for example tune.slo: [p95 ttft<800ms]"));
        }

        if (bound.Get(StudyFields.Search) == "exhaustive" && space.CanonicalSize() is var points && points > bound.Get(StudyFields.Candidates))
        {
            problems.Add(new($"{bound.PlaceOf(StudyFields.Search)}: tune.search", string.Create(CultureInfo.InvariantCulture, $"exhaustive looks at every point, and of {points:N0} tune.candidates allows {bound.Get(StudyFields.Candidates):N0}"), string.Create(CultureInfo.InvariantCulture, $"raise tune.candidates to {points:N0}, choose from less, or leave search to auto")));
        }

        if (first.Model.Workload is not TraceWorkloadModel)
        {
            // Which classes a trace names is known when it has been read.
            var classes = (first.Model.Workload as ClassesWorkloadModel)?.Classes.Select(c => c.Name).ToList() ?? [];
            problems.AddRange(WorkloadClasses.Problems(objectives.Select(o => o.Measure).Concat(constraints.Select(c => c.Measure)), classes, $"{file}: tune"));
        }

        return problems.Count > 0 ? throw new InputException(problems) : (new Study
        {
            Name = first.Model.Name,
            Scenario = scenario,
            Space = space,
            Budget = budget,
            Objectives = objectives,
            Constraints = constraints,
            Capacity = bound.Get(StudyFields.Goal) == "capacity",
            Search = bound.Get(StudyFields.Search)!,
            Start = preset == "none" ? [] : Anchors.Of(space, gpus ?? DefaultGpus, bound.Get(StudyFields.Candidates) / 20),
            Candidates = bound.Get(StudyFields.Candidates),
            Replications = bound.Get(StudyFields.Replications),
            Replicated = bound.Get(StudyFields.Replicated),
            ReplicateAll = bound.Get(StudyFields.ReplicateAll),
            Racing = bound.Get(StudyFields.Racing),
            ModelError = bound.Get(StudyFields.ModelError),
            Shortlist = bound.Get(StudyFields.Shortlist),
            Seed = first.Model.Seed,
        }, factory);
    }

    // What is written and would be taken without any effect.
    private static void CheckUnused(Bound bound, string preset, ConfigNode scenario, List<Problem> problems)
    {
        void Add(Field field, string message, string fix) => problems.Add(new($"{bound.PlaceOf(field)}: {bound.PathOf(field)}", message, fix));
        if (bound.IsSet(StudyFields.Objectives) && bound.IsSet(StudyFields.Goal))
        {
            var goal = bound.Get(StudyFields.Goal);
            Add(StudyFields.Objectives, $"contradict the goal {goal}{(goal == "capacity" ? ", which raises the load until the SLO breaks" : ", which has objectives of its own")}", "leave one of the two out");
        }

        foreach (var field in preset == "none" ? new Field[] { StudyFields.Engines, StudyFields.Topologies, StudyFields.GpuTypes }.Where(bound.IsSet) : [])
        {
            Add(field, "means nothing without a preset, and tune.space is all that is chosen", $"add tune.preset: topology, or name the values under tune.space{(field == StudyFields.Engines ? ".engine.kind" : field == StudyFields.GpuTypes ? ".gpu" : "")}");
        }

        if (preset != "none" && bound.IsSet(StudyFields.GpuTypes) && (scenario as MapNode)?.Find("gpu") is ScalarNode { IsNull: false } gpu)
        {
            Add(StudyFields.GpuTypes, $"leaves a choice, and the scenario's gpu says {gpu.Text}", "leave one of the two out");
        }

        if (bound.IsSet(StudyFields.Racing) && bound.Get(StudyFields.Racing) && (bound.Get(StudyFields.Search) == "exhaustive" || bound.Get(StudyFields.Goal) == "capacity"))
        {
            Add(StudyFields.Racing, $"means nothing {(bound.Get(StudyFields.Goal) == "capacity" ? "with goal: capacity, whose loads are searched over the whole traffic" : "to an exhaustive search, whose front is exact")}", "leave it out");
        }

        if (bound.IsSet(StudyFields.Replicated) && bound.Get(StudyFields.ReplicateAll))
        {
            Add(StudyFields.Replicated, "means nothing beside replicate_all: true", "leave one of the two out");
        }
    }

    private static List<Objective> Objectives(Bound bound, List<Problem> problems)
    {
        IReadOnlyList<string> texts = bound.IsSet(StudyFields.Objectives) ? bound.Get(StudyFields.Objectives)! : bound.Get(StudyFields.Goal) switch
        {
            "latency" => ["min p95 ttft", "min p95 itl", "min cost/h"],
            "throughput" => ["max tps/gpu", "max p5 tps/user"],
            "capacity" => ["max offered", "min gpus"],
            _ => ["min cost/h", "min p95 ttft", "max p5 tps/user"],
        };
        var found = new List<Objective>();
        foreach (var text in texts)
        {
            if (MeasureText.ReadObjective(text, $"{bound.PlaceOf(StudyFields.Objectives)}: tune.objectives", problems) is { } objective)
            {
                if (found.Exists(o => o.Measure == objective.Measure))
                {
                    problems.Add(new($"{bound.PlaceOf(StudyFields.Objectives)}: tune.objectives", $"has {objective.Measure} twice", "keep one of them"));
                }

                found.Add(objective);
            }
        }

        return found;
    }

    private static IReadOnlyList<string> Engines(Bound bound, ConfigNode scenario, List<Problem> problems)
    {
        var engine = (scenario as MapNode)?.Find("engine");
        var kind = (engine is MapNode map ? map.Find("kind") : engine) is ScalarNode { IsNull: false } written ? written.Text : null;
        if (!bound.IsSet(StudyFields.Engines))
        {
            // Flags of one engine mean nothing to the others.
            return kind is not null ? [kind] : engine is MapNode { Entries.Count: > 0 } ? ["vllm"] : ["vllm", "sglang", "trtllm"];
        }

        var engines = bound.Get(StudyFields.Engines)!;
        var place = $"{bound.PlaceOf(StudyFields.Engines)}: tune.engines";
        Twice(engines, place, problems);
        if (kind is not null && (engines.Count != 1 || engines[0] != kind))
        {
            problems.Add(new(place, $"leaves a choice, and the scenario's engine.kind says {kind}", "leave one of the two out"));
            return [kind];
        }

        return [.. engines.Distinct()];
    }

    private static IReadOnlyList<string> Topologies(Bound bound, IReadOnlyList<string> types, int gpus, bool isOne, bool isPlaced, List<Problem> problems)
    {
        if (!bound.IsSet(StudyFields.Topologies))
        {
            // What is handed over between pools depends on the model, and a number of replicas is one of whole requests.
            return gpus < 2 || isOne || !isPlaced ? ["aggregated"] : types.Count > 1 ? ["aggregated", "disaggregated", "mixed"] : ["aggregated", "disaggregated"];
        }

        var topologies = bound.Get(StudyFields.Topologies)!;
        var place = $"{bound.PlaceOf(StudyFields.Topologies)}: tune.topologies";
        Twice(topologies, place, problems);
        var usable = topologies.Distinct().ToList();
        if (gpus < 2 && usable.RemoveAll(t => t != "aggregated") > 0)
        {
            problems.Add(new(place, "asks for two pools, and the budget is one GPU", "raise tune.gpus, or leave only aggregated"));
        }

        if (types.Count < 2 && usable.Remove("mixed"))
        {
            problems.Add(new(place, "asks for two GPU types, and there are fewer", "name them under tune.gpu_types"));
        }

        if (isOne && usable.RemoveAll(t => t != "aggregated") > 0)
        {
            problems.Add(new(place, "asks for several pools, and fleet.replicas is the size of one", "leave one of the two out"));
        }

        return usable.Count > 0 ? usable : ["aggregated"];
    }

    private static void Twice(IReadOnlyList<string> values, string place, List<Problem> problems)
    {
        foreach (var value in values.GroupBy(v => v).Where(g => g.Count() > 1))
        {
            problems.Add(new(place, $"has {value.Key} twice", "keep one of them"));
        }
    }

    private static IReadOnlyList<string> Types(Bound bound, ConfigNode scenario, HardwareLibrary library, List<Problem> problems)
    {
        if (!bound.IsSet(StudyFields.GpuTypes))
        {
            return (scenario as MapNode)?.Find("gpu") is ScalarNode { IsNull: false } gpu ? [gpu.Text] : [];
        }

        var place = $"{bound.PlaceOf(StudyFields.GpuTypes)}: tune.gpu_types";
        var names = new List<string>();
        foreach (var written in bound.Get(StudyFields.GpuTypes)!)
        {
            if (library.Gpus.Find(written) is not { } gpu)
            {
                problems.Add(new(place, $"no GPU is called '{written}'", NearestName.Find(written, library.Gpus.Names) is { } near ? $"did you mean {near}?" : "'foretoken gpus' lists those that are known"));
            }
            else if (names.Contains(gpu.Name))
            {
                problems.Add(new(place, $"has {gpu.Name} twice", "keep one of them"));
            }
            else
            {
                names.Add(gpu.Name);
            }
        }

        return names;
    }

    // Where the catalogue's scale-up link is PCIe itself there is no other.
    private static bool IsLinked(Gpu? gpu) => gpu?.ScaleUpGbs is { } link && !(link.Value <= gpu.PcieGbs?.Value);

    // As it is written, whatever it is.
    private static string? Router(ConfigNode scenario)
    {
        var node = ((scenario as MapNode)?.Find("fleet") as MapNode)?.Find("routing");
        return (node is MapNode map ? map.Find("policy") : node) is ScalarNode { IsNull: false } name ? name.Text : null;
    }

    private static ModelEntry? Model(ConfigNode scenario, HardwareLibrary library)
    {
        var node = (scenario as MapNode)?.Find("model");
        var name = (node is MapNode map ? map.Find("name") : node) as ScalarNode;
        try
        {
            return name is null or { IsNull: true } ? null : library.Models.Find(name.Text) ?? library.ReadModel?.Invoke(name.Text, name.Origin);
        }
        catch (InputException)
        {
            // Told with the rest when the scenario is read.
            return null;
        }
    }

    private static bool IsWritten(ConfigNode scenario, string path)
    {
        ConfigNode? node = scenario;
        foreach (var key in path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.'))
        {
            node = node switch
            {
                MapNode map => map.Find(key),
                ListNode list when int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var at) => at < list.Items.Count ? list.Items[at] : null,

                // A bare value stands for the whole map: engine: vllm.
                ScalarNode { IsNull: false } when key is "kind" or "policy" or "name" => node,
                _ => null,
            };
            if (node is null)
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<Constraint> FromScenario(SloModel? slo)
    {
        foreach (var target in slo?.Targets ?? [])
        {
            var metric = MetricCatalogue.Find(target.Metric)!;
            yield return new Constraint(new Measure(metric, target.Percentile, target.Class), metric.Better == MetricDirection.Higher, target.Bound);
        }

        yield return new Constraint(new Measure(MetricCatalogue.ErrorRequestFraction), false, slo?.FailedFractionMax ?? 0);
    }

    // The scenario's bounds and the study's own. One of two on the same side of a measure decides nothing: a tighter one goes before the scenario's, a looser one is a mistake.
    private static List<Constraint> Together(List<Constraint> ofScenario, List<Constraint> own, string place, List<Problem> problems)
    {
        static bool IsSame(Constraint a, Constraint b) => a.Measure == b.Measure && a.AtLeast == b.AtLeast;
        static string Text(Constraint c) => $"{c.Measure.Text} {(c.AtLeast ? "above" : "below")} {c.Bound.ToString("R", CultureInfo.InvariantCulture)}{(c.Measure.Metric.Unit.Length > 0 ? " " + c.Measure.Metric.Unit : "")}";
        for (var i = 0; i < own.Count; i++)
        {
            if (own.Take(i).FirstOrDefault(c => IsSame(c, own[i])) is { } again)
            {
                problems.Add(new(place, $"bounds {again.Measure.Text} twice: {Text(again)}, and {Text(own[i])}", "keep the tighter one"));
            }
            else if (ofScenario.Find(c => IsSame(c, own[i])) is { } before && (own[i].AtLeast ? own[i].Bound < before.Bound : own[i].Bound > before.Bound))
            {
                problems.Add(new(place, $"{Text(own[i])} is looser than the scenario's slo, which holds all the same: {Text(before)}", "change the scenario's slo, or leave the bound out"));
            }
        }

        return [.. ofScenario.Where(c => !own.Exists(o => IsSame(o, c))), .. own];
    }

    // Some candidate, where something is wrong already, so that the rest can be looked at; null where none comes soon: then what is wrong whatever is chosen is told.
    private static Candidate? Early(CandidateFactory factory, List<Problem> problems)
    {
        foreach (var point in Points(factory.Space).Take(200))
        {
            if (factory.TryCreate(point, out _) is { } candidate)
            {
                return candidate;
            }
        }

        problems.AddRange(factory.ProblemsOfAll());
        return null;
    }

    // The first of every dimension, then points at random.
    private static IEnumerable<int[]> Points(ParameterSpace space)
    {
        var random = new RandomStream(0, StreamId.Search);
        var point = new int[space.Dimensions.Count];
        while (true)
        {
            yield return space.Canonical(point);
            for (var d = 0; d < point.Length; d++)
            {
                point[d] = random.NextInt(space.Dimensions[d].Choices.Count);
            }
        }
    }

    // Some candidate has to exist; what is wrong with every point that was tried is wrong with the scenario itself.
    private static Candidate First(CandidateFactory factory, string file)
    {
        const int Tries = 2000;
        var reasons = new Dictionary<string, int>();
        var attempt = 0;
        foreach (var point in Points(factory.Space).Take(Tries))
        {
            if (factory.TryCreate(point, out var reason) is { } candidate)
            {
                factory.Settle();
                return candidate;
            }

            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
            if (attempt++ == 20 && factory.ProblemsOfAll() is { Count: > 0 } always)
            {
                throw new InputException(always);
            }
        }

        if (factory.ProblemsOfAll() is { Count: > 0 } common)
        {
            throw new InputException(common);
        }

        throw new InputException($"{file}: tune", $"none of {Tries} points of the space can exist: {string.Join("; ", reasons.OrderByDescending(r => r.Value).Take(3).Select(r => $"{r.Key} ({r.Value})"))}", "raise the budget, or widen the space");
    }
}
