namespace Foretoken.Fleet.Routing;

/// <summary>A policy that can say why it decided as it did. Asked right after a decision, and only when somebody listens.</summary>
public interface IRoutingReasons
{
    /// <summary>Why the last decision fell on <paramref name="chosen"/>, in words.</summary>
    /// <param name="chosen">The worker that it chose.</param>
    /// <param name="workers">The candidates of that decision.</param>
    string Reason(int chosen, ReadOnlySpan<int> workers);
}
