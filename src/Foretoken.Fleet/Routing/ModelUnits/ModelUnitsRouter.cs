using Foretoken.Fleet.Routing.Content;
using Foretoken.Fleet.Routing.Hashing;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.ModelUnits;

/// <summary>
/// Cost-unit routing to sticky subsets, after Databricks' model units: every workload (session, or prompts with the same start)
/// has a subset of the workers of its own, and within it the worker with the fewest units in flight gets the request. Units are
/// milliseconds of a replica's time by coefficients that come from the step-time source.
/// </summary>
/// <remarks>
/// How long an answer will be nobody knows: the mean of the answers so far stands for it. The subset is the workers with the
/// greatest hash of (workload, worker), so that a worker that goes moves nobody else (rendezvous hashing). A workload whose
/// workers are all beyond the fleet's mean by the overflow factor borrows the least loaded worker.
/// </remarks>
public sealed class ModelUnitsRouter : IRoutingPolicy, IRoutingFeedback, IRoutingReasons
{
    private static readonly WholeParameter Subset = new("subset_size", "Workers that serve one workload.", 2, 1);
    private static readonly WholeParameter WorkloadTokens = new("workload_tokens", "Prompts without session belong to one workload when their first tokens, so many, are the same.", 256, 1);
    private static readonly NumberParameter Overflow = new("overflow_factor", "A workload leaves its subset while all of it has more than this times the fleet's mean units.", 2, 1, 1e6);
    private static readonly WholeParameter Batch = new("benchmark_batch", "Batch at which a generated token's units are taken from the step-time source.", 32, 1, 4096);
    private static readonly WholeParameter FirstOutput = new("expected_output_tokens", "Answer length that is assumed until one has ended.", 256, 1);

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "model_units", "cost units in flight, least within the workload's sticky subset of workers (Databricks' model units)",
        (values, setup) => new ModelUnitsRouter(values, setup.PerPool(s => s.StepTime is { } source ? UnitCost.From(source, values.Get(Batch)) : UnitCost.Guess)))
    {
        Parameters = [Subset, WorkloadTokens, Overflow, Batch, FirstOutput],
        Source = "Databricks, Reliable LLM Inference at Scale (2026): the idea; its coefficients are not published, ours come from the step-time source",
    };

    private readonly int _subset;
    private readonly int _workloadTokens;
    private readonly double _overflow;
    private readonly double _firstOutput;
    private readonly IReadOnlyList<UnitCost> _costs;
    private readonly Dictionary<int, double> _requests = [];
    private double[] _units = new double[8];
    private int[] _counts = new int[8];
    private bool _borrowed;
    private long _ended;
    private long _outputs;

    /// <summary>A router that knows nothing yet, over workers that are all alike.</summary>
    public ModelUnitsRouter(PolicyValues values, UnitCost cost)
        : this(values, [cost])
    {
    }

    /// <summary>A router that knows nothing yet.</summary>
    /// <param name="values">Its parameters.</param>
    /// <param name="costs">What requests cost a worker, by its pool: a slow one has more milliseconds in flight for the same request.</param>
    public ModelUnitsRouter(PolicyValues values, IReadOnlyList<UnitCost> costs)
    {
        _subset = values.Get(Subset);
        _workloadTokens = values.Get(WorkloadTokens);
        _overflow = values.Get(Overflow);
        _firstOutput = values.Get(FirstOutput);
        _costs = costs;
    }

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Ends;

    /// <summary>Units in flight by worker number.</summary>
    internal ReadOnlySpan<double> Units => _units;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var workers = view.Workers;
        if (_units.Length <= workers[^1])
        {
            Array.Resize(ref _units, 2 * (workers[^1] + 1));
            Array.Resize(ref _counts, _units.Length);
        }

        var workload = request.Session >= 0 ? StableHash.Of(1, (ulong)request.Session) : PromptIdentity.OfStart(view.Tree, request, _workloadTokens);
        var chosen = Within(workers, workload);
        double sum = 0;
        var least = workers[0];
        foreach (var worker in workers)
        {
            sum += _units[worker];
            least = _units[worker] < _units[least] ? worker : least;
        }

        _borrowed = _units[chosen] > _overflow * sum / workers.Length;
        if (_borrowed)
        {
            chosen = least;
        }

        var output = _ended > 0 ? _outputs / (double)_ended : _firstOutput;
        var units = view.Own(_costs, chosen).Of(request.InputTokens, request.InputTokens, output);
        _requests.Add(request.Index, units);
        _units[chosen] += units;
        _counts[chosen]++;
        return chosen;
    }

    /// <inheritdoc />
    public string Reason(int chosen, ReadOnlySpan<int> workers) =>
        $"{(_borrowed ? "the workload's subset is full: the least loaded of all" : "the least loaded of the workload's subset")}; units in flight, this request included: {ReasonText.Ranking(workers, _units, lowestWins: true)}";

    /// <inheritdoc />
    public void Ended(int worker, int request, int outputTokens, SimTime at)
    {
        if (_requests.Remove(request, out var units))
        {
            // An idle worker has exactly nothing, whatever rounding left.
            _units[worker] = --_counts[worker] == 0 ? 0 : _units[worker] - units;
            _ended++;
            _outputs += outputTokens;
        }
    }

    // The worker with the fewest units among those with the greatest hashes.
    private int Within(ReadOnlySpan<int> workers, ulong workload)
    {
        var size = Math.Min(_subset, workers.Length);
        Span<(ulong Hash, int Worker)> best = size <= 64 ? stackalloc (ulong, int)[size] : new (ulong, int)[size];
        var count = 0;
        foreach (var worker in workers)
        {
            var hash = StableHash.Of(workload, (ulong)worker);
            if (count == size && hash <= best[count - 1].Hash)
            {
                continue;
            }

            var at = count < size ? count++ : count - 1;
            for (; at > 0 && best[at - 1].Hash < hash; at--)
            {
                best[at] = best[at - 1];
            }

            best[at] = (hash, worker);
        }

        var chosen = best[0].Worker;
        foreach (var (_, worker) in best)
        {
            chosen = _units[worker] < _units[chosen] ? worker : chosen;
        }

        return chosen;
    }
}
