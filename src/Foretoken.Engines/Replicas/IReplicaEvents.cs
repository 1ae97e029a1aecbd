using Foretoken.Quantities;

namespace Foretoken.Engines.Replicas;

/// <summary>Where a replica reports ends of requests, in the order in which they happen.</summary>
public interface IReplicaEvents
{
    /// <summary>A request reached its outcome at <paramref name="at"/>.</summary>
    void Ended(int worker, in RequestRecord record, SimTime at);

    /// <summary>A request's first token was generated at <paramref name="at"/>: its prompt is computed.</summary>
    void FirstToken(int worker, int request, SimTime at)
    {
    }
}
