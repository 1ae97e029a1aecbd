using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Replicas;

/// <summary>A request that the engine has not given to a rank yet.</summary>
internal sealed class HeldRequest(in RequestSpec request) : IPlainRequest
{
    private RequestRecord _record = RequestRecord.New(request.Index);

    public int Index { get; } = request.Index;

    public ref RequestRecord Record => ref _record;

    public int Tokens { get; } = request.InputTokens;

    public int Preemptions => 0;
}
