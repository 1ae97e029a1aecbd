using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Import;

namespace Foretoken.Deploy.Flags;

/// <summary>An engine's flags, both ways.</summary>
internal interface IEngineFlags
{
    /// <summary>The flags of a pool.</summary>
    Launch Write(DeployedPool pool);

    /// <summary>
    /// Takes what it knows out of a command line; what is left over was not understood. Values stay texts: the scenario's own reader
    /// says what is wrong with them.
    /// </summary>
    void Read(CommandWords words, ReadPool pool);
}
