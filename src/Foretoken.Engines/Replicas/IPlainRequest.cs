namespace Foretoken.Engines.Replicas;

/// <summary>What the loop of a plain replica needs to know of a request, whichever engine's it is.</summary>
internal interface IPlainRequest
{
    /// <summary>Its number in the run.</summary>
    int Index { get; }

    /// <summary>What becomes of it; handed to the recorder when it ends.</summary>
    ref RequestRecord Record { get; }

    /// <summary>Prompt tokens plus tokens delivered.</summary>
    int Tokens { get; }

    /// <summary>Times it lost its memory and had to start over.</summary>
    int Preemptions { get; }
}
