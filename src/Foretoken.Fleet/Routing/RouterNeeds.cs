namespace Foretoken.Fleet.Routing;

/// <summary>Which columns of <see cref="RouterView"/> a policy reads.</summary>
[Flags]
public enum RouterNeeds
{
    /// <summary>Only the number of replicas.</summary>
    None = 0,

    /// <summary>Requests in flight per replica.</summary>
    Requests = 1,

    /// <summary>Tokens in flight per replica.</summary>
    Tokens = 2,
}
