using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Network;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Disaggregation;

/// <summary>A request on its way through a prefill and a decode replica.</summary>
internal sealed class HandOff
{
    public RequestSpec Request;

    /// <summary>What the prefill side wrote down, once its part is over.</summary>
    public RequestRecord PrefillRecord;

    public int PrefillWorker { get; set; } = -1;

    public int DecodeWorker { get; set; } = -1;

    /// <summary>What its transfer takes, once both replicas are chosen.</summary>
    public KvTransfer? Transfer { get; set; }

    /// <summary>The prefill replica has got it.</summary>
    public bool IsAtPrefill { get; set; }

    /// <summary>The decode replica has got it.</summary>
    public bool IsAtDecode { get; set; }

    /// <summary>The prefill replica need not keep its KV any longer.</summary>
    public bool IsReleased { get; set; }

    /// <summary>When the prefill side was to get it: it may have to wait for the decode side's reservation.</summary>
    public SimTime PrefillDue { get; set; }

    /// <summary>When the prompt was computed; never before.</summary>
    public SimTime PrefillEnd { get; set; } = SimTime.Never;

    /// <summary>When the decode side had memory for it; never before.</summary>
    public SimTime Reserved { get; set; } = SimTime.Never;

    /// <summary>Prompt tokens that the decode side has already, and that are not sent.</summary>
    public int CachedThere { get; set; }

    /// <summary>Prompt tokens whose KV was computed, or sent or being sent.</summary>
    public int Computed { get; set; }

    /// <summary>Tokens sent or being sent, from the first that is not cached there.</summary>
    public int Sent { get; set; }

    /// <summary>Bytes sent or being sent.</summary>
    public long Bytes { get; set; }

    /// <summary>A flow of it is under way, or about to be.</summary>
    public bool IsSending { get; set; }

    /// <summary>Its first flow has begun.</summary>
    public bool HasBegun { get; set; }

    public SimTime Arrived { get; set; } = SimTime.Never;
}
