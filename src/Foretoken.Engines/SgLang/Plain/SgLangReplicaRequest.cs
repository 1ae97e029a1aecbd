using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A request in virtual time: the scheduler's view and the record that it will leave behind.</summary>
internal sealed class SgLangReplicaRequest(in RequestSpec request, BlockKeys pageKeys, BlockKeys tokenKeys)
    : SgLangRequest(request.InputTokens, request.OutputTokens, pageKeys, tokenKeys), IPlainRequest
{
    /// <summary>What becomes of it; handed to the recorder when it ends.</summary>
    public RequestRecord Record = RequestRecord.New(request.Index);

    /// <summary>Its number in the run.</summary>
    public int Index { get; } = request.Index;

    ref RequestRecord IPlainRequest.Record => ref Record;

    int IPlainRequest.Preemptions => Retractions;
}
