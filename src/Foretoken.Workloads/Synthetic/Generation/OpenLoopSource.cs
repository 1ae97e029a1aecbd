using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic.Arrivals;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Generation;

/// <summary>Generates requests on their own, one at a time: nothing is kept of a request once it is taken (except for reuse).</summary>
internal sealed class OpenLoopSource : IRequestSource
{
    private readonly WorkloadModel _model;
    private readonly ArrivalGenerator _arrivals;
    private readonly PrefixGroups? _groups;
    private readonly PromptReuse? _reuse;
    private readonly ulong _seed;
    private readonly ulong _replication;
    private long _taken;

    public OpenLoopSource(WorkloadModel model, ulong seed, ulong replication)
    {
        _model = model;
        _seed = seed;
        _replication = replication;
        _arrivals = ArrivalGenerator.Create(model.Spec.Arrivals!, seed, replication);
        if (model.Spec.Prefix is { } prefix)
        {
            var tree = new PrefixTree();
            _groups = new PrefixGroups(prefix, tree, seed, replication);
            Tree = tree.Count > 0 ? tree : null;
        }

        if (model.Spec.Reuse is not null)
        {
            Tree = new PrefixTree();
            _reuse = new PromptReuse(model, Tree, seed, replication);
        }

        AnnounceNext();
    }

    /// <inheritdoc />
    public bool IsReactive => false;

    /// <inheritdoc />
    public long Count => _model.End == long.MaxValue ? _model.Requests : -1;

    /// <inheritdoc />
    public PrefixTree? Tree { get; }

    /// <inheritdoc />
    public SimTime NextArrival { get; private set; }

    /// <inheritdoc />
    public void Take(out RequestSpec request)
    {
        Invariant.That(NextArrival != SimTime.Never);
        var number = (ulong)_taken;
        var inputs = new RandomStream(_seed, StreamId.InputLengths, number, _replication);
        var outputs = new RandomStream(_seed, StreamId.OutputLengths, number, _replication);
        _model.Lengths.Next(ref inputs, ref outputs, out var input, out var output);
        request.Index = checked((int)_taken);
        request.Arrival = NextArrival;
        request.InputTokens = input;
        request.OutputTokens = output;
        request.Priority = 0;
        request.Session = -1;
        request.Class = 0;
        request.Content = default;
        if (_groups is not null)
        {
            request.InputTokens = checked(input + _groups.Tokens);
            request.Content = _groups.ContentOf(_groups.GroupOf(number));
        }
        else if (_reuse is not null)
        {
            request.Content = _reuse.Next(number, NextArrival.Nanoseconds, input);
        }

        _taken++;
        AnnounceNext();
    }

    /// <summary>Never called: the source is not reactive.</summary>
    public void Finished(int requestIndex, SimTime at) => Invariant.Fail("an open loop does not react to completions");

    private void AnnounceNext()
    {
        if (_taken >= _model.Requests)
        {
            NextArrival = SimTime.Never;
            return;
        }

        var next = _arrivals.Next();
        NextArrival = next >= _model.End ? SimTime.Never : new SimTime(next);
    }
}
