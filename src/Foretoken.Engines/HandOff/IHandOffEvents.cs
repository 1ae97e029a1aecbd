using Foretoken.Quantities;

namespace Foretoken.Engines.HandOff;

/// <summary>
/// Hears of a replica's part in hand-offs, in the order in which it happens. Called while the replica decides: the listener
/// takes notes and does not call the replica back.
/// </summary>
public interface IHandOffEvents
{
    /// <summary>Memory for the KV of a <see cref="RequestPart.Decode"/> request's prompt is reserved: its transfer may begin.</summary>
    /// <param name="worker">The replica.</param>
    /// <param name="request">The request's number.</param>
    /// <param name="cachedTokens">Leading prompt tokens whose KV the replica has already.</param>
    /// <param name="at">The moment.</param>
    void Reserved(int worker, int request, int cachedTokens, SimTime at);

    /// <summary>A chunk of a <see cref="RequestPart.Prefill"/> request's prompt is computed, but not its last.</summary>
    /// <param name="worker">The replica.</param>
    /// <param name="request">The request's number.</param>
    /// <param name="tokens">Prompt tokens whose KV is there by now, cached ones included.</param>
    /// <param name="at">The moment.</param>
    void Computed(int worker, int request, int tokens, SimTime at);
}
