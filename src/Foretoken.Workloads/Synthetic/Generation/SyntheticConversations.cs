using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic.Arrivals;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Generation;

/// <summary>
/// Generates conversations (sessions, agents, or requests on their own for a closed loop). Everything about a conversation is
/// drawn when it begins, from streams addressed by its number, so it does not depend on how the run interleaves them.
/// </summary>
internal sealed class SyntheticConversations : IConversationSupply
{
    private readonly WorkloadModel _model;
    private readonly ArrivalGenerator? _arrivals;
    private readonly PrefixTree _tree = new();
    private readonly PrefixGroups _groups;
    private readonly List<Conversation> _conversations = [];
    private readonly Stack<int> _free = [];
    private readonly ulong _seed;
    private readonly ulong _replication;
    private int _nextId;
    private int _begun;
    private long _requests;

    public SyntheticConversations(WorkloadModel model, ulong seed, ulong replication)
    {
        _model = model;
        _seed = seed;
        _replication = replication;
        _groups = new PrefixGroups(model.Spec.Prefix, _tree, seed, replication);
        _nextId = _groups.IdCount;
        _arrivals = model.Spec.ClosedLoop is null ? ArrivalGenerator.Create(model.Spec.Arrivals!, seed, replication) : null;
        AnnounceNext();
    }

    /// <inheritdoc />
    public long Count => _model.End == long.MaxValue ? _model.Requests : -1;

    /// <inheritdoc />
    public PrefixTree? Tree => _tree.Count > 0 || _model.Spec.HasConversations ? _tree : null;

    /// <inheritdoc />
    public SimTime NextStart { get; private set; }

    /// <inheritdoc />
    public int Begin()
    {
        Invariant.That(NextStart != SimTime.Never);
        if (!_free.TryPop(out var handle))
        {
            handle = _conversations.Count;
            _conversations.Add(new Conversation());
        }

        var conversation = _conversations[handle];
        conversation.Draw(_model, _groups.Tokens, _begun++, _seed, _replication, _model.Requests - _requests);
        _requests += conversation.Count;
        var group = _groups.GroupOf((ulong)conversation.Number);
        if (_model.Spec.HasConversations)
        {
            conversation.Identify(_tree, _groups, group, ref _nextId);
        }
        else
        {
            conversation.Alone(_groups.ContentOf(group));
        }

        AnnounceNext();
        return handle;
    }

    /// <inheritdoc />
    public void Fill(int handle, ref RequestSpec request) => _conversations[handle].Fill(ref request);

    /// <inheritdoc />
    public bool TryAdvance(ref int handle, out SimDuration wait)
    {
        if (_conversations[handle].TryAdvance(out wait))
        {
            return true;
        }

        _free.Push(handle);
        return false;
    }

    private void AnnounceNext()
    {
        if (_requests >= _model.Requests)
        {
            NextStart = SimTime.Never;
            return;
        }

        var next = _arrivals?.Next() ?? 0;
        NextStart = next >= _model.End ? SimTime.Never : new SimTime(next);
    }
}
