using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>A request in virtual time: the scheduler's view and the record that it will leave behind.</summary>
internal sealed class ReplicaRequest : EngineRequest, IPlainRequest
{
    /// <summary>What becomes of it; handed to the recorder when it ends.</summary>
    public RequestRecord Record;

    /// <summary>Decides which of its drafts are accepted.</summary>
    public RandomStream Random;

    public ReplicaRequest(in RequestSpec request, VllmSettings settings, BlockKeys keys, ulong seed)
        : base(request.Index, request.InputTokens, VllmAdmission.AnswerTokens(settings, request), keys, settings.KvCacheGroups.Count)
    {
        Priority = request.Priority;

        // Requests are numbered in order of arrival. Two real ones never arrive at the very same instant.
        Arrival = request.Index;
        WantedTokens = request.OutputTokens;
        Record = RequestRecord.New(request.Index);
        Random = new RandomStream(seed, StreamId.Speculation, (ulong)request.Index);
    }

    /// <summary>Answer tokens that it would have without <c>max_model_len</c>.</summary>
    public int WantedTokens { get; }

    ref RequestRecord IPlainRequest.Record => ref Record;
}
