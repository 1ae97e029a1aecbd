using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>A request in virtual time: the scheduler's view and the record that it will leave behind.</summary>
internal sealed class TrtLlmReplicaRequest(in RequestSpec request, TrtLlmSettings settings, BlockKeys keys, ulong seed)
    : TrtLlmRequest(request.Index, request.InputTokens, TrtLlmAdmission.AnswerTokens(settings, request), request.Content, keys), IPlainRequest
{
    /// <summary>What becomes of it; handed to the recorder when it ends.</summary>
    public RequestRecord Record = RequestRecord.New(request.Index);

    /// <summary>Decides which of its drafts are accepted.</summary>
    public RandomStream Random = new(seed, StreamId.Speculation, (ulong)request.Index);

    /// <summary>Whether <c>max_seq_len</c> cuts its answer.</summary>
    public bool IsCut { get; } = TrtLlmAdmission.AnswerTokens(settings, request) < request.OutputTokens;

    ref RequestRecord IPlainRequest.Record => ref Record;

    int IPlainRequest.Preemptions => Pauses;
}
