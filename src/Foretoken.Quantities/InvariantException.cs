namespace Foretoken.Quantities;

/// <summary>A bug: something that cannot be true was seen. <see cref="Repeat"/> is the command that shows it again.</summary>
public sealed class InvariantException : Exception
{
    public InvariantException(string message)
        : base(message)
    {
    }

    public InvariantException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>One shell line that repeats the failing run, once the command line knows it.</summary>
    public string? Repeat { get; set; }
}
