using Foretoken.Quantities;

namespace Foretoken.Twin.Results;

/// <summary>A request's way from the replica that computed its prompt to the one that generated. Times that never came are <see cref="SimTime.Never"/>.</summary>
/// <param name="Request">The request.</param>
/// <param name="PrefillWorker">Replica that computed the prompt.</param>
/// <param name="DecodeWorker">Replica that generated; -1 when none was chosen.</param>
/// <param name="PrefillEnd">When the prompt was computed.</param>
/// <param name="Reserved">When the decode replica had memory for it.</param>
/// <param name="Arrived">When all of its KV was there.</param>
/// <param name="Bytes">Bytes sent.</param>
public readonly record struct HandOffRow(int Request, int PrefillWorker, int DecodeWorker, SimTime PrefillEnd, SimTime Reserved, SimTime Arrived, long Bytes);

/// <summary>Use of one link over a run.</summary>
/// <param name="Name">The link.</param>
/// <param name="BytesPerSecond">What it carries.</param>
/// <param name="Bytes">What it carried.</param>
public readonly record struct LinkUse(string Name, double BytesPerSecond, long Bytes);

/// <summary>What was handed from prefill to decode replicas during a run.</summary>
public sealed class HandOffTable
{
    /// <summary>One row per request that was handed over, in the order of their ends.</summary>
    public List<HandOffRow> Rows { get; } = [];

    /// <summary>Requests that a decode replica served alone.</summary>
    public long Local { get; set; }

    /// <summary>Prompts computed on prefill replicas; each brings one token that the decode side tells or computes again.</summary>
    public long Prefills { get; set; }

    /// <summary>Links, in the order of their replicas.</summary>
    public IReadOnlyList<LinkUse> Links { get; set; } = [];
}
