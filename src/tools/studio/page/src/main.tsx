import { render } from 'preact';
import { followAddress } from './address.ts';
import { App } from './app.tsx';
import { followTime } from './parts/cells.tsx';
import { followKeys } from './parts/keys.ts';
import { followAbout, followLive } from './server.ts';
import './style.css';
import { followTheme } from './theme.ts';

const page = document.getElementById('page');
if (page === null) throw new Error('index.html has no element with the id "page"');
followAddress();
followKeys();
followLive();
followAbout();
followTime();
followTheme();
render(<App />, page);
