using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Running;

namespace Foretoken.Twin.Scaling;

/// <summary>
/// Takes a picture of the fleet for whoever plays its future: replicas that can be copied as they are, and of the others what
/// anybody beside them sees, namely which requests each has and how many tokens of each are there.
/// </summary>
internal sealed class FutureDesk(RunPlan plan, ReplicaFleet fleet, RunBook book, IFrontDoor door, ScalerDesk lives) : IFutureSource
{
    private readonly List<(int Request, int Tokens)> _open = [];

    /// <inheritdoc />
    public int Arrived => book.Requests.Count;

    /// <inheritdoc />
    public IReadOnlyList<(int Input, int Output)> Lengths => lives.FinishedLengths;

    /// <inheritdoc />
    public long FreeGpus => lives.FreeGpus;

    /// <inheritdoc />
    public FutureStart Begin(SimTime now)
    {
        var pools = lives.FuturePools();
        var replicas = new List<FutureReplica>();
        var requests = new List<FutureRequest>();
        var stages = door.UnderWay();
        for (var worker = 0; worker < fleet.Count; worker++)
        {
            var state = fleet.StateOf(worker);
            if (state == ReplicaState.Gone)
            {
                continue;
            }

            var runs = state is ReplicaState.Serving or ReplicaState.Draining;
            var copied = runs && plan.Disaggregation is null ? fleet[worker] as ICopyableReplica : null;
            replicas.Add(new FutureReplica(worker, fleet.PoolOf(worker), state, runs ? now : lives.ServesAt(worker, pools), fleet.Pool(worker), copied, copied is null ? null : fleet.Recorder(worker)));
            if (runs)
            {
                fleet[worker].AdvanceTo(now);
            }

            if (runs && copied is null && fleet.Pool(worker).Role != PoolRole.Prefill)
            {
                AddOpen(worker, stages, requests);
            }
        }

        foreach (var (request, stage) in stages.OrderBy(s => s.Key))
        {
            if (!stage.Generates)
            {
                requests.Add(new FutureRequest(request, book.Requests.InputTokens(request), 0, stage.IsComputed ? FutureStage.Sent : FutureStage.Prompt, stage.Worker));
            }
        }

        foreach (var request in door.Waiting().OrderBy(r => r.Index))
        {
            requests.Add(new FutureRequest(request.Index, request.InputTokens, 0, FutureStage.Waits, -1));
        }

        return new FutureStart
        {
            Pools = pools,
            Replicas = replicas,
            Requests = requests,
            FirstFreeRequest = book.Requests.Count,
            Arrival = book.Requests.Arrival,
            Disaggregation = plan.Disaggregation,
            Seed = plan.Seed,
        };
    }

    // Those that generate go first: they have their memory already.
    private void AddOpen(int worker, Dictionary<int, HandOffStage> stages, List<FutureRequest> requests)
    {
        _open.Clear();
        fleet[worker].ListOpen(_open);
        foreach (var (request, tokens) in _open)
        {
            var input = book.Requests.InputTokens(request);
            if (tokens > input)
            {
                requests.Add(new FutureRequest(request, input, tokens - input, FutureStage.Answer, worker));
                if (stages.TryGetValue(request, out var stage))
                {
                    stages[request] = stage with { Generates = true };
                }
            }
        }

        foreach (var (request, tokens) in _open)
        {
            var input = book.Requests.InputTokens(request);
            if (tokens <= input && !stages.ContainsKey(request))
            {
                requests.Add(new FutureRequest(request, input, 0, FutureStage.Prompt, worker));
            }
        }
    }
}
