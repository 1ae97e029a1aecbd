namespace Foretoken.Kernel.Events;

/// <summary>What happens first among events of the same time, and why.</summary>
public enum Phase : byte
{
    /// <summary>Steps end first: a request that ends now frees its place, and its client's next request arrives now.</summary>
    StepEnd = 1,

    /// <summary>Then transfers: what they bring is there for whatever is planned now.</summary>
    Transfer = 2,

    /// <summary>Then requests arrive, so that they are seen by whatever is planned now.</summary>
    Arrival = 3,

    /// <summary>Then scalers and planned changes: they see the load with what has just arrived.</summary>
    Scaling = 4,

    /// <summary>Then engines plan: they see everything that has arrived by now.</summary>
    Plan = 5,

    /// <summary>Last, the end of the run: what happens at its very moment still happens.</summary>
    Stop = 6,
}
