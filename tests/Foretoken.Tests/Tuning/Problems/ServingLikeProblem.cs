using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Search;

namespace Foretoken.Tests.Tuning.Problems;

/// <summary>
/// A made-up serving problem with closed formulas and the shape of the real one: choices without order, conditional knobs,
/// plateaus (a batch limit that is never reached changes nothing), a cliff at saturation, a budget and an SLO. half a
/// million raw points, 128,352 that differ and can run; objectives: waiting time, time per token, GPUs.
/// </summary>
internal static class ServingLikeProblem
{
    private static readonly int[] Parallel = [1, 2, 4, 8];
    private static readonly int[] Replicas = [1, 2, 3, 4, 6, 8, 12, 16];
    private static readonly int[] BatchLimits = [16, 32, 64, 128, 256, 512];
    private static readonly int[] StepTokens = [512, 2048, 4096, 8192, 16384];

    public static readonly SearchDimension[] Dimensions =
    [
        new("engine", 3, false),
        new("divided", 2, false),
        new("tp", 4, true),
        new("replicas", 8, true),
        new("prefill_share", 4, true),
        new("batch_limit", 6, true),
        new("step_tokens", 5, true),
        new("kv_fp8", 2, false),
        new("prefix_cache", 2, false),
        new("router", 3, false),
        new("speculation", 2, false),
    ];

    public static SearchSpace Space => new(Dimensions, Canonical, Feasible);

    // An undivided fleet has no prefill share; a router has nothing to do for one replica.
    private static int[] Canonical(int[] raw)
    {
        var point = (int[])raw.Clone();
        point[4] = point[1] == 0 ? 0 : point[4];
        point[9] = point[3] == 0 ? 0 : point[9];
        return point;
    }

    private static bool Feasible(int[] p) =>
        Parallel[p[2]] * Replicas[p[3]] <= 16 && (p[2] > 0 || p[7] == 1) && (p[1] == 0 || p[3] >= 1) && (p[0] != 2 || p[6] <= 3);

    public static (double[] Objectives, double Violation) At(int[] p)
    {
        double tp = Parallel[p[2]];
        double replicas = Replicas[p[3]];
        var gpus = tp * replicas;
        double engineStep = p[0] switch { 0 => 4.0, 1 => 3.4, _ => 2.6 };
        double enginePrompt = p[0] switch { 0 => 1.0, 1 => 1.12, _ => 0.95 };
        var prefillReplicas = p[1] == 1 ? Math.Max(1, Math.Round(replicas * (0.2 + (0.15 * p[4])))) : replicas;
        var decodeReplicas = p[1] == 1 ? replicas - prefillReplicas : replicas;
        double hit = p[8] == 1 ? (p[9] switch { 0 => 0.25, 1 => 0.3, _ => 0.55 }) : 0;
        double imbalance = p[9] switch { 0 => 1.25, 1 => 1.05, _ => 1.2 };

        // Prompts: tokens per second that the prompt side can take, and the wait before it.
        const double promptLoad = 42_000;
        var efficiency = 1 - DeterministicMath.Exp(-StepTokens[p[6]] / (p[0] == 1 ? 2600.0 : 1500.0) / (p[1] == 1 ? 1 : 1 + (0.1 * tp)));
        var promptCapacity = 9000 * prefillReplicas * DeterministicMath.Pow(tp, 0.85) * enginePrompt * efficiency * (p[1] == 1 ? 1.25 : 0.9);
        var promptUse = promptLoad * (1 - hit) * imbalance / promptCapacity;
        var ttft = (1200.0 / (DeterministicMath.Pow(tp, 0.8) * enginePrompt * efficiency) * (1 - (hit * 0.8))) + (p[1] == 1 ? 90 : 0) + (0.002 * StepTokens[p[6]] * tp);
        ttft += promptUse < 0.95 ? 400 * promptUse / (1 - promptUse) : 7600 + (20_000 * (promptUse - 0.95));

        // Answers: the batch settles where it carries the load, unless the limit stops it.
        const double answerLoad = 5200;
        double limit = BatchLimits[p[5]];
        var room = (p[7] == 1 ? 180 : 90) * tp;
        var weights = engineStep + (14 / DeterministicMath.Pow(tp, 0.9));
        var perSequence = (p[7] == 1 ? 0.05 : 0.075) / DeterministicMath.Pow(tp, 0.8);
        var gain = p[10] switch { 0 => 1.0, _ => 1.5 };
        var drag = p[10] switch { 0 => 1.0, _ => 1.7 };
        var share = answerLoad * imbalance / decodeReplicas / 1000 / gain;
        var batch = share * weights / Math.Max(1e-3, 1 - (share * perSequence * drag));
        batch = share * perSequence * drag >= 1 ? 1e9 : batch;
        var most = Math.Min(limit, room);
        var overload = batch / most;
        batch = Math.Min(batch, most);
        var tpot = (weights + (perSequence * drag * batch)) / gain;
        tpot *= p[1] == 0 ? 1 + (0.00006 * StepTokens[p[6]] * Math.Min(1, promptUse)) : 1;
        ttft += overload > 1 ? 3000 * Math.Min(20, overload - 1) : 0;
        double[] objectives = [ttft, tpot, gpus];
        var violation = Math.Max(0, (ttft / 8000) - 1) + Math.Max(0, (tpot / 100) - 1);
        return (objectives, violation);
    }

    /// <summary>A tenth beyond the worst of a front in each objective: a reference that is not so far away that every front looks good.</summary>
    public static double[] ReferenceOf(List<(int[] Point, double[] Objectives)> front) =>
        [.. Enumerable.Range(0, front[0].Objectives.Length).Select(k =>
        {
            var (low, high) = (front.Min(f => f.Objectives[k]), front.Max(f => f.Objectives[k]));
            return high + (0.1 * (high - low));
        })];

    /// <summary>Every point that can run, evaluated, and the front.</summary>
    public static (int Points, List<(int[] Point, double[] Objectives)> Front) Exhaustive(SearchSpace space, Func<int[], (double[] Objectives, double Violation)> at)
    {
        var all = new ExhaustiveSearch(space).Propose(int.MaxValue);
        var front = new ParetoFront<int[]>();
        foreach (var point in all)
        {
            var (objectives, violation) = at(point);
            if (violation == 0)
            {
                front.Add(point, objectives);
            }
        }

        return (all.Count, [.. front.Points]);
    }
}
