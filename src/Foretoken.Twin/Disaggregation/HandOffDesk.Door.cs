using Foretoken.Quantities;
using Foretoken.Twin.Scaling;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Disaggregation;

/// <summary>What a fleet that changes its size has to know: who waits for a replica that is not there, and which replicas are still needed.</summary>
internal sealed partial class HandOffDesk
{
    // Requests before their first replica, and requests with a computed prompt before their decode replica: in order.
    private readonly Queue<RequestSpec> _front = new();
    private readonly Queue<HandOff> _behind = new();

    // Decode replicas of requests that the prefill router holds back.
    private readonly Dictionary<int, int> _heldFor = [];

    // By replica: hand-offs that it was chosen for and has not got, and those that will not go on without it.
    private readonly List<int> _coming = [];
    private readonly List<int> _needed = [];
    private ScalerDesk? _scaler;

    /// <inheritdoc />
    public int HeldNow => _front.Count + _behind.Count + HeldAtRouter;

    /// <inheritdoc />
    public long HeldEver { get; private set; }

    /// <inheritdoc />
    public SimTime LastArrival { get; private set; }

    private int HeldAtRouter => _prefillRouter.HasWorkers ? 0 : _held?.Count ?? 0;

    // Whoever chooses the decode replica first needs both sides, otherwise the prefill side is enough.
    private bool CanEnter => _prefillRouter.HasWorkers && (DecodeRouter.HasWorkers || !DecodesFirst);

    private bool DecodesFirst => _plan.Local is not null || _plan.Order == HandOffOrder.DecodeFirst;

    /// <summary>The scaler that hears when replicas are no longer needed; none unless it is told.</summary>
    public void ReportTo(ScalerDesk scaler) => _scaler = scaler;

    /// <inheritdoc />
    /// <remarks>Who needs both sides at once waits for both until both are there: otherwise each could leave while the other comes.</remarks>
    public int Held(int pool) => _run.Pools[pool].Role != PoolRole.Decode
        ? _front.Count + HeldAtRouter
        : _behind.Count + (DecodesFirst ? _front.Count : 0);

    /// <inheritdoc />
    public int OnTheWay(int worker) => _frontend.Requests(worker) + (worker < _coming.Count ? _coming[worker] : 0);

    /// <inheritdoc />
    public bool IsNeeded(int worker) => worker < _needed.Count && _needed[worker] > 0;

    /// <inheritdoc />
    public bool IsThrough(int worker, int request) => _open.TryGetValue(request, out var handOff) && handOff.PrefillWorker == worker && handOff.PrefillEnd != SimTime.Never;

    /// <inheritdoc />
    public IEnumerable<RequestSpec> Waiting() => _held is null ? _front : _front.Concat(_held.Waiting);

    /// <inheritdoc />
    public Dictionary<int, HandOffStage> UnderWay() => _open.ToDictionary(
        h => h.Key,
        h => new HandOffStage(h.Value.PrefillEnd != SimTime.Never, false, h.Value.PrefillEnd != SimTime.Never ? h.Value.DecodeWorker : h.Value.PrefillWorker));

    /// <inheritdoc />
    public void Open(SimTime now)
    {
        while (DecodeRouter.HasWorkers && _behind.TryDequeue(out var handOff))
        {
            EnterDecode(handOff, now);
        }

        while (CanEnter && _front.TryDequeue(out var request))
        {
            Enter(request, now, waited: true);
        }

        _held?.Act(now);
    }

    // A replica was chosen.
    private void Expect(int worker)
    {
        while (_needed.Count <= worker)
        {
            _needed.Add(0);
            _coming.Add(0);
        }

        _coming[worker]++;
        _needed[worker]++;
    }

    private void Chosen(HandOff handOff)
    {
        handOff.Transfer = _plan.Between(_fleet.PoolOf(handOff.PrefillWorker), _fleet.PoolOf(handOff.DecodeWorker));
        Expect(handOff.DecodeWorker);
    }

    // The prefill replica need not keep the KV.
    private void Forgo(HandOff handOff, SimTime now)
    {
        if (!handOff.IsReleased)
        {
            handOff.IsReleased = true;
            _needed[handOff.PrefillWorker]--;
            _scaler?.Freed(handOff.PrefillWorker, now);
        }
    }

    // It is over, wherever it was.
    private void Leave(HandOff handOff, SimTime now)
    {
        _coming[handOff.PrefillWorker] -= handOff.IsAtPrefill ? 0 : 1;
        Forgo(handOff, now);
        if (handOff.DecodeWorker >= 0)
        {
            _coming[handOff.DecodeWorker] -= handOff.IsAtDecode ? 0 : 1;
            _needed[handOff.DecodeWorker]--;
            _scaler?.Freed(handOff.DecodeWorker, now);
        }
    }
}
